//! Templates against building anew.

use proptest::prelude::*;
use tradewind_core::decode::solana::decode_transaction;
use tradewind_solana::Key;
use tradewind_solana::instruction::{AccountMeta, Instruction};
use tradewind_solana::signature::Signature;
use tradewind_solana::system::transfer;
use tradewind_solana::template::{PatchPlace, PatchWidth, TemplateError, TransactionTemplate};
use tradewind_solana::transaction::{LookupTable, TransactionBuilder};

fn numbered(number: u8) -> Key {
    Key([number; 32])
}

/// What a swap looks like: a tag, two amounts and a short number.
fn swap(amount_in_raw: u64, least_out_raw: u64, index: u32) -> Instruction {
    let mut data = vec![9];
    data.extend_from_slice(&amount_in_raw.to_le_bytes());
    data.extend_from_slice(&least_out_raw.to_le_bytes());
    data.extend_from_slice(&index.to_le_bytes());
    Instruction {
        program: numbered(200),
        accounts: (1..9)
            .map(|number| AccountMeta::writable(numbered(number)))
            .collect(),
        data,
    }
}

fn builder(swap: Instruction, tip_lamports: u64, budget: (u32, u64)) -> TransactionBuilder {
    let held: Vec<Key> = (1..7).map(numbered).collect();
    let mut builder = TransactionBuilder::new();
    builder
        .set_fee_payer(numbered(100))
        .set_compute_budget(budget.0, budget.1)
        .add_instruction(swap)
        .add_instruction(transfer(numbered(100), numbered(50), tip_lamports))
        .add_lookup_table(LookupTable::new(numbered(101), &held).unwrap());
    builder
}

fn data(instruction: usize, offset: usize, width: PatchWidth) -> PatchPlace {
    PatchPlace::Data {
        instruction,
        offset,
        width,
    }
}

fn template() -> TransactionTemplate {
    let points = [
        ("amount_in_raw", data(0, 1, PatchWidth::U64)),
        ("least_out_raw", data(0, 9, PatchWidth::U64)),
        ("index", data(0, 17, PatchWidth::U32)),
        ("tip_lamports", data(1, 4, PatchWidth::U64)),
        ("unit_limit", PatchPlace::UnitLimit),
        ("unit_price", PatchPlace::UnitPrice),
    ];
    TransactionTemplate::compile(&builder(swap(1, 2, 3), 4, (5, 6)), &points).unwrap()
}

proptest! {
    #[test]
    fn a_patched_template_is_the_transaction_built_anew(
        (amount, least, tip, price) in any::<(u64, u64, u64, u64)>(),
        (index, limit) in any::<(u32, u32)>(),
        blockhash in any::<[u8; 32]>(),
        signature in any::<[u8; 32]>(),
    ) {
        let template = template();
        let signature = Signature(std::array::from_fn(|at| signature[at % 32]));
        let amounts = [
            ("amount_in_raw", amount),
            ("least_out_raw", least),
            ("index", u64::from(index)),
            ("tip_lamports", tip),
            ("unit_limit", u64::from(limit)),
            ("unit_price", price),
        ]
        .map(|(name, value)| (template.patch_point(name).unwrap(), value));
        let mut buffer = [0xff; 1232];
        let written = template.instantiate(Key(blockhash), &amounts, &mut buffer).unwrap();
        template.sign(&mut buffer, 0, &signature).unwrap();
        let anew = builder(swap(amount, least, index), tip, (limit, price))
            .set_recent_blockhash(Key(blockhash))
            .build()
            .unwrap();
        prop_assert_eq!(&buffer[..written], &anew.to_wire(&[signature]).unwrap()[..]);
        prop_assert_eq!(&buffer[template.message_range()], anew.message());
        prop_assert_eq!(template.unsigned(Key(blockhash), &amounts).unwrap(), anew);
    }
}

#[test]
fn amounts_that_are_not_given_have_their_first_value() {
    let template = template();
    let transaction = template.unsigned(numbered(9), &[]).unwrap();
    let anew = builder(swap(1, 2, 3), 4, (5, 6))
        .set_recent_blockhash(numbered(9))
        .build();
    assert_eq!(transaction, anew.unwrap());
    let bytes = transaction.to_wire(&[Signature([0; 64])]).unwrap();
    assert_eq!(decode_transaction(&bytes).unwrap().lookups().len(), 1);
}

#[test]
fn a_point_of_another_template_is_refused() {
    let (one, other) = (template(), template());
    let point = other.patch_point("tip_lamports").unwrap();
    let mut buffer = [0; 1232];
    let refused = one.instantiate(numbered(9), &[(point, 7)], &mut buffer);
    assert_eq!(refused, Err(TemplateError::Foreign(0)));
    assert_eq!(buffer, [0; 1232]);
}

#[test]
fn every_refusal_has_its_code() {
    let compile = |points: &[(&str, PatchPlace)]| {
        TransactionTemplate::compile(&builder(swap(1, 2, 3), 4, (5, 6)), points)
            .unwrap_err()
            .code()
    };
    let amount = data(0, 1, PatchWidth::U64);
    assert_eq!(
        compile(&[("a", data(0, 14, PatchWidth::U64))]),
        "patch_point_outside"
    );
    assert_eq!(
        compile(&[("a", data(2, 0, PatchWidth::U32))]),
        "patch_point_outside"
    );
    let huge = data(usize::MAX, usize::MAX, PatchWidth::U64);
    assert_eq!(compile(&[("a", huge)]), "patch_point_outside");
    assert_eq!(
        compile(&[("a", amount), ("b", data(0, 5, PatchWidth::U32))]),
        "patch_points_overlap"
    );
    assert_eq!(
        compile(&[("a", amount), ("a", data(0, 9, PatchWidth::U64))]),
        "patch_points_overlap"
    );
    let mut bare = TransactionBuilder::new();
    bare.set_fee_payer(numbered(100))
        .add_instruction(swap(1, 2, 3));
    let limit = TransactionTemplate::compile(&bare, &[("a", PatchPlace::UnitLimit)]);
    assert_eq!(limit.unwrap_err().code(), "patch_point_outside");
    let nobody = TransactionTemplate::compile(&TransactionBuilder::new(), &[]);
    assert_eq!(nobody.unwrap_err().code(), "fee_payer_missing");

    let template = template();
    let limit = template.patch_point("unit_limit").unwrap();
    let mut buffer = [0; 1232];
    let above = template.instantiate(numbered(9), &[(limit, 1 << 32)], &mut buffer);
    assert_eq!(above.unwrap_err().code(), "patch_value_too_large");
    let short = template.instantiate(numbered(9), &[], &mut buffer[..100]);
    assert_eq!(short.unwrap_err().code(), "buffer_too_small");
    let nobody = template.sign(&mut buffer, 1, &Signature([0; 64]));
    assert_eq!(nobody.unwrap_err().code(), "signer_outside");
}
