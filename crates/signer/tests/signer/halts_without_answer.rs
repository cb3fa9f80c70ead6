//! `tradewind-signer halt` halts, whatever the other end of the socket answers, or when it answers nothing.

use crate::orders::Order;
use crate::process::{Folder, SIGNER, Signer};
use serde_json::json;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixListener;
use std::process::{Command, Output};
use std::thread;

fn halt_command(folder: &Folder) -> Command {
    let words = ["halt", "--config", "signer.toml", "--reason", "no answer"];
    folder.command(SIGNER, &words)
}

fn assert_halted(signer: &Signer, output: &Output, case: &str) {
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{case}: {text}");
    let printed: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(printed["halted"], true, "{case}");
    assert_eq!(
        signer.refusal(&Order::new("halted").request()),
        "halted",
        "{case}"
    );
    let hello = signer.ok(&json!({ "op": "hello" }));
    assert_eq!(hello["halt_reason"], "no answer", "{case}");
}

#[test]
fn halts_through_the_gate_file_when_the_socket_gives_no_good_answer() {
    for answer in [
        "",
        "nonsense\n",
        "[]\n",
        "{\"ok\":{}}\n",
        "{\"ok\":{\"kill_epoch\":1,\"halted\":false}}\n",
        "{\"ok\":{\"kill_epoch\":1,\"halted\":true",
        "{\"error\":{\"code\":\"signer_failed\",\"field\":null,\"message\":\"broken\"}}\n",
        "{\"refused\":{\"code\":\"peer\",\"rule\":\"peer\",\"message\":\"not you\"}}\n",
    ] {
        let folder = Folder::new();
        let signer = folder.start();
        let (socket, hidden) = (
            folder.path("run/signer.sock"),
            folder.path("run/hidden.sock"),
        );
        fs::rename(&socket, &hidden).unwrap();
        let listener = UnixListener::bind(&socket).unwrap();
        let output = thread::scope(|scope| {
            scope.spawn(|| {
                let (mut stream, _) = listener.accept().unwrap();
                let mut asked = String::new();
                BufReader::new(&stream).read_line(&mut asked).unwrap();
                stream.write_all(answer.as_bytes()).unwrap();
            });
            halt_command(&folder).output().unwrap()
        });
        fs::rename(&hidden, &socket).unwrap();
        assert_halted(&signer, &output, answer);
    }
}

#[test]
fn halts_through_the_gate_file_when_the_socket_stays_silent_or_drips() {
    for drips in [false, true] {
        let folder = Folder::new();
        let signer = folder.start();
        let (socket, hidden) = (
            folder.path("run/signer.sock"),
            folder.path("run/hidden.sock"),
        );
        fs::rename(&socket, &hidden).unwrap();
        let listener = UnixListener::bind(&socket).unwrap();
        let output = thread::scope(|scope| {
            let mut command = halt_command(&folder);
            command.stdout(std::process::Stdio::piped());
            command.stderr(std::process::Stdio::piped());
            let child = command.spawn().unwrap();
            let (mut stream, _) = listener.accept().unwrap();
            if drips {
                // Until the other end is gone: an answer that never ends is none.
                scope.spawn(move || while stream.write_all(b" ").is_ok() {});
                child.wait_with_output().unwrap()
            } else {
                let output = child.wait_with_output().unwrap();
                drop(stream);
                output
            }
        });
        fs::rename(&hidden, &socket).unwrap();
        assert_halted(&signer, &output, if drips { "drips" } else { "silent" });
    }
}
