//! Swaps of several legs: every leg's way is judged, and the sums of their amounts.

use crate::orders::{ARB, Order, USDC, USDC_UNIT, WETH, address, permit_of};
use crate::process::{Folder, WALLETS};
use alloy_primitives::{Address, U256};
use tradewind_core::evm::{Exact, Permit, RouterSwap, SwapLeg, SwapPath};

/// As in `Order::new`: 3,000 USDC for 1 WETH, of which 0.5 % may be lost.
const WHOLE_IN: u64 = 3_000 * USDC_UNIT;
const LEAST_OUT: u64 = 995_000_000_000_000_000;
const CAP_OUT: u64 = 990_000_000_000_000_000;

fn leg(fee_pips: u32, amount_in: u64, amount_out: u64) -> SwapLeg {
    leg_over(&[USDC, WETH], fee_pips, amount_in, amount_out)
}

fn leg_over(tokens: &[&str], fee_pips: u32, amount_in: u64, amount_out: u64) -> SwapLeg {
    let path = tokens.iter().map(|token| address(token)).collect();
    SwapLeg {
        path: SwapPath::new(path, vec![fee_pips; tokens.len() - 1]).unwrap(),
        amount_in_raw: U256::from(amount_in),
        amount_out_raw: U256::from(amount_out),
    }
}

fn two_legs() -> Vec<SwapLeg> {
    vec![leg(500, WHOLE_IN - 1, LEAST_OUT - 1), leg(3_000, 1, 1)]
}

/// The router's call of one leg, cut out of a multicall of nothing else.
fn call(order: &Order, leg: SwapLeg, recipient: Address) -> Vec<u8> {
    let swap = RouterSwap::new(order.exact, vec![leg], recipient, order.deadline_s, None).unwrap();
    let data = swap.encode();
    let len = usize::try_from(U256::from_be_slice(&data[132..164])).unwrap();
    data[164..164 + len].to_vec()
}

/// `multicall(uint256 deadline, bytes[] data)` by the rules of the contract ABI.
fn multicall(deadline_s: u64, calls: &[Vec<u8>]) -> Vec<u8> {
    let word = |value: usize| U256::from(value).to_be_bytes::<32>().to_vec();
    let mut data = vec![0x5a, 0xe4, 0x01, 0xdc];
    data.extend(U256::from(deadline_s).to_be_bytes::<32>());
    data.extend([word(64), word(calls.len())].concat());
    let mut place = 32 * calls.len();
    for call in calls {
        data.extend(word(place));
        place += 32 + call.len().next_multiple_of(32);
    }
    for call in calls {
        data.extend(word(call.len()));
        data.extend(call);
        data.resize(data.len() + call.len().next_multiple_of(32) - call.len(), 0);
    }
    data
}

impl Order {
    fn over(self, legs: Vec<SwapLeg>) -> Self {
        let wallet = self.wallet;
        let legs = legs.into_iter().map(|leg| (leg, wallet)).collect();
        self.calling(legs)
    }

    fn calling(self, legs: Vec<(SwapLeg, Address)>) -> Self {
        let calls: Vec<_> = legs
            .into_iter()
            .map(|(leg, to)| call(&self, leg, to))
            .collect();
        self.with(|order| order.data = Some(multicall(order.deadline_s, &calls)))
    }

    fn permitted(self, permit: Permit) -> Self {
        let swap = RouterSwap::new(
            self.exact,
            two_legs(),
            self.wallet,
            self.deadline_s,
            Some(permit),
        );
        self.with(|order| order.data = Some(swap.unwrap().encode()))
    }
}

#[test]
fn a_split_within_every_rule_is_signed_and_uses_the_sum_of_the_budget() {
    let folder = Folder::new();
    let signer = folder.start();
    let order = Order::new("split").over(two_legs());
    let signed = signer.ok(&order.request());
    let settle = order.settle_request(&signed["tx_hash"], "succeeded", WHOLE_IN + 1);
    assert_eq!(signer.refusal(&settle), "settlement_amount");
    signer.ok(&order.settle_request(&signed["tx_hash"], "succeeded", WHOLE_IN));
}

#[test]
fn splits_are_refused_by_the_way_of_each_leg_and_by_the_sums() {
    let folder = Folder::new();
    let signer = folder.start();
    let new = || Order::new("refused");
    let own = address(WALLETS[0]);
    let mut nine = two_legs();
    nine.extend((1..8).map(|fee| leg(fee, 1, 1)));
    let mut loose = two_legs();
    loose[0].amount_out_raw = U256::from(CAP_OUT - 2);
    let mut less = two_legs();
    less[0].amount_in_raw -= U256::ONE;
    let mut overflow_in = two_legs();
    overflow_in[0].amount_in_raw = U256::MAX;
    let mut overflow_out = two_legs();
    overflow_out[0].amount_out_raw = U256::MAX;
    let elsewhere = two_legs()
        .into_iter()
        .zip([own, address(WALLETS[1])])
        .collect();
    let all_elsewhere = two_legs()
        .into_iter()
        .map(|leg| (leg, address(WALLETS[1])))
        .collect();
    let unlisted = vec![
        leg(500, WHOLE_IN - 1, LEAST_OUT),
        leg_over(&[USDC, ARB, WETH], 500, 1, 1),
    ];
    let other_token = vec![
        leg(500, WHOLE_IN - 1, LEAST_OUT),
        leg_over(&[WETH, USDC], 500, 1, 1),
    ];
    let same_path_twice = vec![leg(500, WHOLE_IN - 1, LEAST_OUT), leg(500, 1, 1)];
    let too_much = vec![leg(500, 50_000 * USDC_UNIT, LEAST_OUT), leg(3_000, 1, 1)];
    let dear = vec![
        leg(500, WHOLE_IN, LEAST_OUT),
        leg(3_000, 30 * USDC_UNIT + 1, 1),
    ];
    let cases = [
        ("calldata_shape", new().calling(elsewhere)),
        ("recipient", new().calling(all_elsewhere)),
        ("token_not_allowed", new().over(unlisted)),
        ("calldata_shape", new().over(other_token)),
        ("calldata_shape", new().over(same_path_twice)),
        ("calldata_shape", new().over(nine)),
        ("calldata_shape", new().over(overflow_in)),
        ("calldata_shape", new().over(overflow_out)),
        ("slippage", new().over(loose)),
        ("quote_mismatch", new().over(less)),
        (
            "amount_per_transaction",
            new()
                .with(|o| o.quoted_in = 50_000 * USDC_UNIT + 1)
                .over(too_much),
        ),
        (
            "slippage",
            new()
                .with(|o| {
                    o.exact = Exact::Out;
                    o.quoted_out = LEAST_OUT + 1;
                })
                .over(dear),
        ),
    ];
    for (index, (rule, order)) in cases.iter().enumerate() {
        assert_eq!(signer.refusal(&order.request()), *rule, "case {index}");
    }
    assert_eq!(folder.count("steps"), 0, "a refusal recorded something");
}

#[test]
fn another_attempt_keeps_the_legs_and_their_order() {
    let folder = Folder::new();
    let signer = folder.start();
    let order = Order::new("split").over(two_legs());
    signer.ok(&order.request());
    let again = order
        .clone()
        .with(|o| (o.attempt, o.max_fee) = (2, o.max_fee + 1));
    let turned = again.clone().over(two_legs().into_iter().rev().collect());
    assert_eq!(signer.refusal(&turned.request()), "step_changed");
    let mut shifted = two_legs();
    shifted[0].amount_out_raw -= U256::ONE;
    shifted[1].amount_out_raw += U256::ONE;
    assert_eq!(
        signer.refusal(&again.clone().over(shifted).request()),
        "step_changed"
    );
    signer.ok(&again.request());
}

#[test]
fn a_permit_is_for_the_sum_of_the_legs_exactly() {
    let folder = Folder::new();
    let signer = folder.start();
    for (intent, value, verdict) in [
        ("less", WHOLE_IN - 1, Some("permit_mismatch")),
        ("more", WHOLE_IN + 1, Some("permit_mismatch")),
        ("exact", WHOLE_IN, None),
    ] {
        let order = Order::new(intent);
        let mut request = order.permit_request();
        request["value_raw"] = value.to_string().into();
        let permit = permit_of(&signer.ok(&request));
        let request = order.permitted(permit).request();
        match verdict {
            Some(rule) => assert_eq!(signer.refusal(&request), rule, "{intent}"),
            None => drop(signer.ok(&request)),
        }
    }
}
