//! Who may connect: the user the signer runs as, and those it lists.

use crate::process::{Folder, SIGNER, config};
use serde_json::json;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::process::Output;

const NOBODY: u32 = 65_534;

fn status_as(folder: &Folder, uid: u32) -> Output {
    let mut command = folder.command(SIGNER, &["status", "--config", "signer.toml"]);
    command.uid(uid).gid(uid).output().unwrap()
}

/// Opens the way to the socket, so that only the check of the peer is left.
fn open_the_way(folder: &Folder) {
    for (name, mode) in [
        ("", 0o755),
        ("signer.toml", 0o644),
        ("run", 0o755),
        ("run/signer.sock", 0o666),
    ] {
        folder.set_mode(name, mode);
    }
}

#[test]
fn refuses_another_user_even_when_the_socket_file_is_open_to_all() {
    assert!(
        rustix::process::geteuid().is_root(),
        "only root can become another user to try"
    );
    let folder = Folder::new();
    let signer = folder.start();
    open_the_way(&folder);
    let refused = status_as(&folder, NOBODY);
    assert!(!refused.status.success());
    let text = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(
        text.contains("user 65534 may not use this signer"),
        "{text}"
    );
    signer.ok(&json!({ "op": "hello" }));
}

#[test]
fn serves_another_user_that_the_configuration_lists() {
    assert!(
        rustix::process::geteuid().is_root(),
        "only root can become another user to try"
    );
    let folder = Folder::new();
    folder.write(
        "signer.toml",
        &format!("allowed_uids = [{NOBODY}]\n{}", config()),
    );
    let _signer = folder.start();
    for (name, mode) in [("", 0o755), ("signer.toml", 0o644), ("run", 0o755)] {
        folder.set_mode(name, mode);
    }
    let served = status_as(&folder, NOBODY);
    assert!(
        served.status.success(),
        "{}",
        String::from_utf8_lossy(&served.stderr)
    );
}

#[test]
fn the_socket_and_the_gate_are_private_to_the_user() {
    let folder = Folder::new();
    let _signer = folder.start();
    let mode = |name: &str| folder.path(name).metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode("run"), 0o700);
    assert_eq!(mode("run/signer.sock"), 0o600);
    assert_eq!(mode("gate.db"), 0o600);
    assert_eq!(mode("gate.db-wal"), 0o600);
}

#[test]
fn does_not_listen_in_a_folder_that_others_can_write_to() {
    let folder = Folder::new();
    std::fs::create_dir(folder.path("run")).unwrap();
    folder.set_mode("run", 0o775);
    let arguments = [
        "run",
        "--config",
        "signer.toml",
        "--passphrase-file",
        "passphrase",
    ];
    let output = folder.command(SIGNER, &arguments).output().unwrap();
    assert!(!output.status.success());
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("chmod 755"),
        "{output:?}"
    );
}
