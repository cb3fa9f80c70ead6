//! A signer process in a folder of its own, and the way to speak to it.

use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use tempfile::TempDir;

pub const SIGNER: &str = env!("CARGO_BIN_EXE_tradewind-signer");
pub const PASSPHRASE: &str = "canary-passphrase-7c1f";
/// The first accounts of the public test mnemonic "test test test … junk".
pub const KEYS: [&str; 3] = [
    "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80",
    "59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d",
    "5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a",
];
pub const WALLETS: [&str; 3] = [
    "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266",
    "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
    "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC",
];

/// Configuration, keys and gate; outlives the processes that use them.
pub struct Folder {
    dir: TempDir,
}

impl Folder {
    pub fn new() -> Self {
        let folder = Self {
            dir: tempfile::tempdir().unwrap(),
        };
        folder.write("passphrase", PASSPHRASE);
        folder.write("signer.toml", &config());
        for (index, key) in KEYS.iter().enumerate() {
            folder.write("import.hex", key);
            let label = format!("hot-{index}");
            let arguments = [
                "--label",
                &label,
                "--key-file",
                "import.hex",
                "--work-factor",
                "2",
            ];
            let output = folder
                .command(
                    SIGNER,
                    &[
                        "key",
                        "import",
                        "--keys",
                        "keys.age",
                        "--passphrase-file",
                        "passphrase",
                    ],
                )
                .args(arguments)
                .output()
                .unwrap();
            assert!(
                output.status.success(),
                "{}",
                String::from_utf8_lossy(&output.stderr)
            );
            assert!(String::from_utf8_lossy(&output.stdout).contains(WALLETS[index]));
        }
        fs::remove_file(folder.path("import.hex")).unwrap();
        folder
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Writes a file that only its owner can read.
    pub fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        let _ = fs::remove_file(&path);
        let mut options = fs::OpenOptions::new();
        let mut file = options
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)
            .unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }

    pub fn command(&self, binary: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(binary);
        command
            .args(arguments)
            .current_dir(self.dir.path())
            .env_clear();
        command
    }

    pub fn start(&self) -> Signer {
        self.start_binary(SIGNER, &[])
    }

    pub fn start_binary(&self, binary: &str, environment: &[(&str, &str)]) -> Signer {
        let arguments = [
            "run",
            "--config",
            "signer.toml",
            "--passphrase-file",
            "passphrase",
        ];
        let mut command = self.command(binary, &arguments);
        command
            .envs(environment.iter().copied())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let first = lines.next().expect("the signer says nothing").unwrap();
        assert!(first.contains("\"ready\""), "{first}");
        let stderr = Arc::new(Mutex::new(first));
        let sink = Arc::clone(&stderr);
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                sink.lock().unwrap().push_str(&line);
            }
        });
        Signer {
            child,
            socket: self.path("run/signer.sock"),
            stderr,
        }
    }

    /// A second reader of the gate file.
    pub fn gate(&self) -> Connection {
        Connection::open_with_flags(self.path("gate.db"), OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap()
    }

    pub fn count(&self, what: &str) -> i64 {
        self.gate()
            .query_row(&format!("SELECT count(*) FROM {what}"), [], |row| {
                row.get(0)
            })
            .unwrap()
    }

    pub fn root(&self) -> &Path {
        self.dir.path()
    }

    pub fn set_mode(&self, name: &str, mode: u32) {
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(mode)).unwrap();
    }
}

/// A running signer; killed when dropped.
pub struct Signer {
    child: Child,
    socket: PathBuf,
    pub stderr: Arc<Mutex<String>>,
}

impl Signer {
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn connect(&self) -> Client {
        Client::to(&self.socket).unwrap()
    }

    pub fn ask(&self, request: &Value) -> Value {
        self.connect()
            .ask(request)
            .expect("the signer gave no answer")
    }

    pub fn ok(&self, request: &Value) -> Value {
        let answer = self.ask(request);
        assert!(answer.get("ok").is_some(), "{request}\n{answer}");
        answer["ok"].clone()
    }

    /// The rule that refuses the request.
    pub fn refusal(&self, request: &Value) -> String {
        let answer = self.ask(request);
        let rule = answer["refused"]["rule"].as_str();
        rule.unwrap_or_else(|| panic!("not refused: {answer}"))
            .to_owned()
    }

    pub fn error(&self, request: &Value) -> Value {
        let answer = self.ask(request);
        assert!(answer.get("error").is_some(), "no error: {answer}");
        answer["error"].clone()
    }

    pub fn socket(&self) -> &Path {
        &self.socket
    }

    pub fn halt(&self) -> Value {
        self.ok(&json!({ "op": "halt", "reason": "drill", "by": "test" }))
    }

    pub fn wait(mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }

    pub fn stop(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Signer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One connection.
pub struct Client {
    reader: BufReader<UnixStream>,
}

impl Client {
    /// A connection to whatever process listens there now.
    pub fn to(socket: &Path) -> std::io::Result<Self> {
        let stream = UnixStream::connect(socket)?;
        Ok(Self {
            reader: BufReader::new(stream),
        })
    }

    /// The answer; nothing when the connection ends without one.
    pub fn ask(&mut self, request: &Value) -> Option<Value> {
        self.send(format!("{request}\n").as_bytes());
        self.read()
    }

    pub fn send(&mut self, bytes: &[u8]) {
        // A refused peer may find the socket closed; the answer tells.
        let _ = self.reader.get_mut().write_all(bytes);
    }

    pub fn read(&mut self) -> Option<Value> {
        let mut line = String::new();
        match self.reader.read_line(&mut line) {
            Ok(0) | Err(_) => None,
            Ok(_) => Some(serde_json::from_str(&line).unwrap()),
        }
    }
}

pub fn config() -> String {
    let wallets =
        WALLETS.map(|wallet| format!("[[wallets]]\naddress = \"{wallet}\"\nchains = [42161]\n"));
    let wallets = wallets.concat();
    format!(
        r#"
socket = "run/signer.sock"
gate = "gate.db"
key_file = "keys.age"
{wallets}
[chains.42161]
routers = ["0x68b3465833fb72A70ecDF485E0e4C7bD8665Fc45"]
max_gas_limit = 5000000
max_fee_per_gas_wei = "10000000000"
max_transaction_fee_wei = "5000000000000000"
max_slippage_bps = 100
max_validity_s = 3600
[[chains.42161.tokens]]
symbol = "USDC"
address = "0xaf88d065e77c8cC2239327C5EDb3A432268e5831"
decimals = 6
max_per_transaction = "50000"
max_per_day = "200000"
permit = {{ name = "USD Coin", version = "2" }}
[[chains.42161.tokens]]
symbol = "WETH"
address = "0x82aF49447D8a07e3bd95BD0d56f35241523fBab1"
decimals = 18
max_per_transaction = "10"
max_per_day = "40"
"#
    )
}
