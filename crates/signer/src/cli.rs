//! The command line. Secrets never pass through arguments or the environment.

use crate::clock::SystemClock;
use crate::config::Config;
use crate::fault::{Fault, Internal};
use crate::fields;
use crate::gate::{Adoption, Checkpoints, Gate, GateLock};
use crate::hardening;
use crate::key_command::{KeyCommand, refuse_key_in_environment};
use crate::key_file::KeyFile;
use crate::keys::KeyRing;
use crate::operator;
use crate::passphrase::PassphraseSource;
use crate::policy::{SOLANA_CHAIN_ID, Scope};
use crate::server::Server;
use crate::signer::{Boundaries, Service, Signer};
use crate::sweep::{self, SweepArgs};
use alloy_primitives::Address;
use clap::{Args, Parser, Subcommand};
use serde_json::json;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use std::fs;
use std::path::PathBuf;
use std::process::{ExitCode, exit};
use std::sync::Arc;
use std::thread;
use tradewind_core::ChainAddress;
use tradewind_core::decode::solana::Key;

/// Holds the private keys and signs what its policy and its records allow.
#[derive(Parser)]
#[command(name = "tradewind-signer", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve requests on the socket of the configuration.
    Run {
        #[command(flatten)]
        config: ConfigArg,
        #[command(flatten)]
        passphrase: PassphraseSource,
    },
    /// Make, import, list, rotate or back up keys.
    #[command(subcommand)]
    Key(KeyCommand),
    /// Check a configuration and print its policy with its digest.
    Check(ConfigArg),
    /// Sign nothing from now on: nothing at all, or nothing of one wallet or strategy. Works whether or not the
    /// signer runs.
    Halt {
        #[command(flatten)]
        config: ConfigArg,
        /// Only what this wallet signs.
        #[arg(long, value_parser = parse_any_wallet)]
        wallet: Option<ChainAddress>,
        /// Only what is signed for this strategy.
        #[arg(long, conflicts_with = "wallet")]
        strategy: Option<String>,
        /// Why.
        #[arg(long, default_value = "halted from the command line")]
        reason: String,
        /// Who says so.
        #[arg(long, default_value = "command line")]
        by: String,
    },
    /// Record that the wallet's nonces below one were used outside the gate. Needs a halt; works whether or not
    /// the signer runs.
    AdoptNonce {
        #[command(flatten)]
        config: ConfigArg,
        /// Whose nonces.
        #[arg(long, value_parser = parse_wallet)]
        wallet: Address,
        /// The chain's id.
        #[arg(long, value_name = "CHAIN_ID")]
        chain: u64,
        /// The next nonce: the wallet's transaction count on the chain.
        #[arg(long, value_parser = clap::value_parser!(u64).range(..=fields::MAX_INTEGER))]
        nonce: u64,
        /// Who says so.
        #[arg(long, default_value = "command line")]
        by: String,
    },
    /// Say that nothing another gate signed for a Solana wallet is under way, so that it need not wait. Works whether
    /// or not the signer runs.
    AdoptWallet {
        #[command(flatten)]
        config: ConfigArg,
        /// Whose cold start ends.
        #[arg(long, value_parser = parse_key)]
        wallet: Key,
        /// The chain's id.
        #[arg(long, value_name = "CHAIN_ID", default_value_t = SOLANA_CHAIN_ID)]
        chain: u64,
        /// Who says so.
        #[arg(long, default_value = "command line")]
        by: String,
    },
    /// Show the limits in force, and the raises that wait with their times.
    Limits(ConfigArg),
    /// Tighten a limit at once, or present a raise that is in force after the delay.
    SetLimit {
        #[command(flatten)]
        config: ConfigArg,
        /// The limit, as `limits` names it.
        #[arg(long)]
        key: String,
        /// The new value: base units, wei, seconds or basis points, as `limits` shows them.
        #[arg(long)]
        value: String,
        /// Who says so.
        #[arg(long, default_value = "command line")]
        by: String,
    },
    /// Take back the raises of a limit that are not in force yet.
    CancelRaise {
        #[command(flatten)]
        config: ConfigArg,
        /// The limit, as `limits` names it.
        #[arg(long)]
        key: String,
        /// Who says so.
        #[arg(long, default_value = "command line")]
        by: String,
    },
    /// End one halt, after a look at `status`.
    Resume {
        #[command(flatten)]
        config: ConfigArg,
        /// The kill epoch that `status` shows.
        #[arg(long)]
        kill_epoch: u64,
        /// Who says so.
        #[arg(long, default_value = "command line")]
        by: String,
        /// Must be the word "resume".
        #[arg(long)]
        confirm: String,
    },
    /// Empty a wallet: sign plain transfers to an address, by passphrase at the terminal, and print them. Needs a halt.
    Sweep {
        #[command(flatten)]
        config: ConfigArg,
        #[command(flatten)]
        sweep: SweepArgs,
    },
    /// Ask the running signer what it is and whether it is halted.
    Status(ConfigArg),
}

#[derive(Args)]
struct ConfigArg {
    /// The configuration file.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
}

/// Runs the command line. `wrap` may put something around the signer before it is served.
pub fn main(
    boundaries: Box<dyn Boundaries>,
    wrap: impl FnOnce(Signer) -> Arc<dyn Service>,
) -> ExitCode {
    let result = match Cli::parse().command {
        Command::Run { config, passphrase } => run(&config, &passphrase, boundaries, wrap),
        Command::Key(command) => command.run(),
        Command::Check(config) => check(&config),
        Command::Halt {
            config,
            wallet,
            strategy,
            reason,
            by,
        } => {
            let scope = match (wallet, strategy) {
                (Some(wallet), _) => Scope::Wallet(wallet),
                (None, Some(id)) => Scope::Strategy(id),
                (None, None) => Scope::All,
            };
            with(&config, |c| operator::halt(c, &scope, &reason, &by))
        }
        Command::Limits(config) => with(&config, operator::limits),
        Command::SetLimit {
            config,
            key,
            value,
            by,
        } => {
            let request = json!({ "op": "set_limit", "key": key, "value": value, "by": by });
            with(&config, |c| operator::ask(c, &request))
        }
        Command::CancelRaise { config, key, by } => {
            let request = json!({ "op": "cancel_raise", "key": key, "by": by });
            with(&config, |c| operator::ask(c, &request))
        }
        Command::AdoptNonce {
            config,
            wallet,
            chain,
            nonce,
            by,
        } => {
            let adoption = Adoption {
                wallet,
                chain_id: chain,
                nonce,
                by,
            };
            with(&config, |c| operator::adopt_nonce(c, &adoption))
        }
        Command::AdoptWallet {
            config,
            wallet,
            chain,
            by,
        } => with(&config, |c| operator::adopt_wallet(c, wallet, chain, &by)),
        Command::Resume {
            config,
            kill_epoch,
            by,
            confirm,
        } => {
            let request =
                json!({ "op": "resume", "kill_epoch": kill_epoch, "by": by, "confirm": confirm });
            with(&config, |c| operator::ask(c, &request))
        }
        Command::Sweep { config, sweep } => with(&config, |c| sweep::run(c, &sweep)),
        Command::Status(config) => with(&config, |c| operator::ask(c, &json!({ "op": "hello" }))),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            eprintln!("tradewind-signer: {fault}");
            ExitCode::FAILURE
        }
    }
}

fn with(config: &ConfigArg, act: impl FnOnce(&Config) -> Result<(), Fault>) -> Result<(), Fault> {
    act(&Config::load(&config.config)?)
}

fn parse_key(text: &str) -> Result<Key, String> {
    fields::key("", &text.into()).map_err(|wrong| wrong.message)
}

fn parse_any_wallet(text: &str) -> Result<ChainAddress, String> {
    fields::account("", text.into()).map_err(|wrong| wrong.message)
}

fn parse_wallet(text: &str) -> Result<Address, String> {
    fields::address("", text.into()).map_err(|wrong| wrong.message)
}

fn run(
    config: &ConfigArg,
    passphrase: &PassphraseSource,
    boundaries: Box<dyn Boundaries>,
    wrap: impl FnOnce(Signer) -> Arc<dyn Service>,
) -> Result<(), Fault> {
    hardening::forbid_dumps().map_err(|error| Internal {
        code: "hardening_failed",
        message: format!("the kernel does not let the process protect itself: {error}"),
    })?;
    refuse_key_in_environment()?;
    let config = Config::load(&config.config)?;
    let lock = GateLock::acquire(&config.gate)?;
    let gate = Gate::open(&config.gate)?;
    Checkpoints::beside(&gate, &config.gate)?.run();
    let keys = load_keys(&config, passphrase)?;
    let wallets: Vec<_> = config
        .policy
        .wallets
        .keys()
        .map(ToString::to_string)
        .collect();
    let memory_locked = hardening::lock_memory();
    let signer = Signer::new(keys, config.policy, gate, Box::new(SystemClock), boundaries)?;
    let server = Server::bind(&config.socket, wrap(signer), config.allowed_uids)?;
    end_on_signal(&server, config.socket.clone())?;
    let ready = json!({
        "event": "ready",
        "socket": config.socket,
        "wallets": wallets,
        "memory_locked": memory_locked,
    });
    eprintln!("{ready}");
    server.run();
    drop(lock);
    Ok(())
}

fn load_keys(config: &Config, passphrase: &PassphraseSource) -> Result<KeyRing, Internal> {
    let file = KeyFile::load(&config.key_file, &passphrase.read(false)?)?;
    file.into_ring(config.policy.wallets.keys())
}

fn end_on_signal(server: &Server, socket: PathBuf) -> Result<(), Internal> {
    let mut signals = Signals::new([SIGTERM, SIGINT]).map_err(|error| Internal {
        code: "signals_unavailable",
        message: error.to_string(),
    })?;
    let stopper = server.stopper();
    thread::spawn(move || {
        if signals.forever().next().is_some() {
            stopper.stop(|| {
                let _ = fs::remove_file(&socket);
                exit(0);
            });
        }
    });
    Ok(())
}

fn check(config: &ConfigArg) -> Result<(), Fault> {
    let config = Config::load(&config.config)?;
    println!("socket {}", config.socket.display());
    println!("gate {}", config.gate.display());
    println!("key_file {} (not opened)", config.key_file.display());
    for uid in &config.allowed_uids {
        println!("allowed_uid {uid}");
    }
    print!("{}", config.policy.describe());
    println!("policy_digest {}", config.policy.digest());
    Ok(())
}
