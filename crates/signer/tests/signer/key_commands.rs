//! The key commands, as an operator uses them.

use crate::process::{Folder, KEYS, PASSPHRASE, SIGNER, WALLETS};
use std::process::Stdio;

const OPEN: [&str; 6] = [
    "--keys",
    "keys.age",
    "--passphrase-file",
    "passphrase",
    "--work-factor",
    "2",
];

fn key(
    folder: &Folder,
    action: &str,
    more: &[&str],
    environment: &[(&str, &str)],
) -> (bool, String) {
    let arguments = [&["key", action][..], &OPEN, more].concat();
    let output = folder
        .command(SIGNER, &arguments)
        .envs(environment.iter().copied())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(text).unwrap())
}

// Written by eth-account 0.14.0 (`Account.encrypt`, scrypt with 2 rounds and pbkdf2 with 10) for the passphrase "sesame".
const SCRYPT: &str = r#"{"address": "3E20ab25eB721DD4B691516238Df14f0F5d3F7a3", "crypto": {"cipher": "aes-128-ctr", "cipherparams": {"iv": "8d52faa9b8a711d283802f40d79f69a3"}, "ciphertext": "a1813e5112534dd8bc233100aca74a8c04e0f8c17b4ba7da53720a9fb5c8abdd", "kdf": "scrypt", "kdfparams": {"dklen": 32, "n": 2, "r": 8, "p": 1, "salt": "5e50e4e30103395daec561f740038521"}, "mac": "9da740e6eb15c3f617fb3debf10aa3fcaa2754df6672c0b7ed235a4b5377090f"}, "id": "367d93b2-082c-4faa-8b69-b157945e3518", "version": 3}"#;
const PBKDF2: &str = r#"{"address": "3E20ab25eB721DD4B691516238Df14f0F5d3F7a3", "crypto": {"cipher": "aes-128-ctr", "cipherparams": {"iv": "ffb53a40a14a6e5d3d5fc55978b34ef7"}, "ciphertext": "6d95c399d3d5db07811b4ff5f46f86d6dd13240ede28a5b5260177de589e3bc6", "kdf": "pbkdf2", "kdfparams": {"c": 10, "dklen": 32, "prf": "hmac-sha256", "salt": "85d2f783eaa5c23c02a1b75bc1c8e6ea"}, "mac": "e6a2c2fc1efb9095b3c08a228742b9b5048ad67a3ef44df0705130f766f0c78f"}, "id": "f8b7b4e6-5639-433b-9263-e40a56c174c8", "version": 3}"#;
const STORED: &str = "0x3E20ab25eB721DD4B691516238Df14f0F5d3F7a3";

#[test]
fn imports_keystores_of_both_kinds_that_another_program_wrote() {
    for text in [SCRYPT, PBKDF2] {
        let folder = Folder::new();
        folder.write("store.json", text);
        folder.write("sesame", "sesame");
        let source = [
            "--keystore",
            "store.json",
            "--keystore-passphrase-file",
            "sesame",
            "--label",
            "old",
        ];
        let (done, said) = key(&folder, "import", &source, &[]);
        assert!(done && said.contains(STORED), "{said}");
        assert!(said.contains("still holds the key"), "{said}");
    }
}

#[test]
fn names_what_is_wrong_with_a_keystore() {
    let cases = [
        ("sesame", "open", "does not open the keystore"),
        ("\"n\": 2", "\"n\": 3", "scrypt parameters"),
        ("\"n\": 2", "\"n\": 1073741824", "more than 1 GiB"),
        ("aes-128-ctr", "aes-128-cbc", "cannot be read"),
        ("3E20ab25", "0e20ab25", "address is not the one of its key"),
        ("\"mac\"", "\"mak\"", "no keystore file"),
    ];
    for (from, to, expected) in cases {
        let folder = Folder::new();
        folder.write("store.json", &SCRYPT.replace(from, to));
        folder.write("sesame", if from == "sesame" { to } else { "sesame" });
        let source = [
            "--keystore",
            "store.json",
            "--keystore-passphrase-file",
            "sesame",
            "--label",
            "old",
        ];
        let (done, said) = key(&folder, "import", &source, &[]);
        assert!(!done && said.contains(expected), "{to}: {said}");
    }
}

#[test]
fn imports_a_solana_key_pair_and_deletes_the_plain_file_when_told_to() {
    let folder = Folder::new();
    // RFC 8032, section 7.1, test 1: seed and public key.
    let hex = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60\
               d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
    let pair = alloy_primitives::hex::decode(hex).unwrap();
    folder.write("id.json", &format!("{pair:?}"));
    let source = ["--solana-file", "id.json", "--label", "sol", "--delete"];
    let (done, said) = key(&folder, "import", &source, &[]);
    assert!(done && said.contains("\"scheme\":\"ed25519\""), "{said}");
    assert!(
        said.contains("FVen3X669xLzsi6N2V91DoiyzHzg1uAgqiT8jZ9nS96Z"),
        "{said}"
    );
    assert!(!folder.path("id.json").exists());

    let mut swapped = pair;
    swapped[40] ^= 1;
    folder.write("id.json", &format!("{swapped:?}"));
    let (done, said) = key(
        &folder,
        "import",
        &["--solana-file", "id.json", "--label", "sol2"],
        &[],
    );
    assert!(
        !done && said.contains("does not belong to its seed"),
        "{said}"
    );
    assert!(folder.path("id.json").exists());
}

#[test]
fn takes_a_key_from_the_environment_once_and_does_not_serve_while_it_is_there() {
    let folder = Folder::new();
    let variable = [(
        "TRADEWIND_PRIVATE_KEY",
        "8b3a350cf5c34c9194ca85829a2df0ec3153be0318b5e2d3348e872092edffba",
    )];
    let (done, said) = key(
        &folder,
        "import",
        &["--environment", "--label", "env"],
        &variable,
    );
    assert!(
        done && said.contains("0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc"),
        "{said}"
    );
    let (done, said) = key(
        &folder,
        "import",
        &["--environment", "--label", "env2"],
        &variable,
    );
    assert!(!done && said.contains("allowed once"), "{said}");

    let start = [
        "run",
        "--config",
        "signer.toml",
        "--passphrase-file",
        "passphrase",
    ];
    let output = folder
        .command(SIGNER, &start)
        .envs(variable)
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        !output.status.success() && said.contains("unset it"),
        "{said}"
    );
    assert!(!said.contains("8b3a350c"), "{said}");
}

#[test]
fn rotates_backs_up_and_restores_without_losing_a_key() {
    let folder = Folder::new();
    let (done, said) = key(&folder, "rotate", &["--label", "hot-0"], &[]);
    assert!(
        done && said.contains(WALLETS[0]) && said.contains("hot-0.1"),
        "{said}"
    );
    folder.write("other", "another passphrase");
    let copy = ["--to", "backup.age", "--new-passphrase-file", "other"];
    let (done, said) = key(&folder, "backup", &copy, &[]);
    assert!(
        done && WALLETS.iter().all(|wallet| said.contains(wallet)),
        "{said}"
    );
    let (done, said) = key(&folder, "backup", &copy, &[]);
    assert!(!done && said.contains("is there already"), "{said}");

    let (done, said) = key(
        &folder,
        "passphrase",
        &["--new-passphrase-file", "other"],
        &[],
    );
    assert!(done, "{said}");
    let (done, said) = key(&folder, "list", &[], &[]);
    assert!(!done && said.contains("passphrase does not open"), "{said}");
    std::fs::copy(folder.path("backup.age"), folder.path("keys.age")).unwrap();
    folder.write("passphrase", "another passphrase");
    let (done, said) = key(&folder, "list", &[], &[]);
    assert!(done && said.lines().count() == 4, "{said}");
    for secret in KEYS.iter().chain([&PASSPHRASE]) {
        assert!(!said.contains(secret), "{said}");
    }
}

#[test]
fn says_that_a_key_file_is_missing_before_it_asks_for_anything() {
    let folder = Folder::new();
    let arguments = ["key", "list", "--keys", "other.age"];
    let output = folder
        .command(SIGNER, &arguments)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        !output.status.success() && said.contains("other.age does not exist"),
        "{said}"
    );
}
