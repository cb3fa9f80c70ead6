//! `tradewind-engine`: runs one strategy on one configuration. See `docs/engine.md`.

use std::process::ExitCode;

use serde_json::json;
use tradewind_engine::arguments::Arguments;
use tradewind_engine::clock::Clock;
use tradewind_engine::config::{ConfigFault, EngineConfig};
use tradewind_engine::fault::{Ending, EngineFault};
use tradewind_engine::log::Log;
use tradewind_engine::run::{Run, run};
use tradewind_engine::strategies::{STRATEGIES, Strategy};

fn main() -> ExitCode {
    // Two providers are compiled in by what this is built on, and a TLS connection takes neither by itself.
    let _set_before = rustls::crypto::ring::default_provider().install_default();
    match work() {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            let log = Log::to_stdout(Clock::System);
            let exit_code = fault.ending().code();
            let fields = json!({"code": fault.code(), "exit_code": exit_code});
            log.error("engine_failed", &fault.to_string(), fields);
            ExitCode::from(exit_code)
        }
    }
}

fn work() -> Result<(), EngineFault> {
    let log = Log::to_stdout(Clock::System);
    match Arguments::parse(std::env::args().skip(1))? {
        Arguments::Strategies => {
            let names: Vec<_> = STRATEGIES.iter().map(|strategy| strategy.name).collect();
            log.info(
                "strategies",
                &names.join(", "),
                json!({"strategies": names}),
            );
            Ok(())
        }
        Arguments::Run {
            strategy,
            config: path,
            check,
            record,
            recording,
        } => {
            let loaded = EngineConfig::load(&path).and_then(|config| checked(config, &strategy));
            let (config, strategy) = loaded.map_err(|fault| refused(&log, &fault))?;
            if check {
                let version = config.changeable.version;
                log.info(
                    "config_valid",
                    "the configuration can be taken",
                    json!({"version": version}),
                );
                return Ok(());
            }
            let work = Run {
                config,
                path,
                record,
                recording,
            };
            run(&work, strategy)
        }
    }
}

fn checked(config: EngineConfig, named: &str) -> Result<(EngineConfig, Strategy), ConfigFault> {
    if config.strategy != named {
        let fault = format!("is {:?}, and --strategy is {named:?}", config.strategy);
        return Err(ConfigFault::new("strategy", fault, "name the same in both"));
    }
    let strategy = Strategy::of(&config)?;
    (strategy.check)(&config.changeable.parameters)?;
    Ok((config, strategy))
}

fn refused(log: &Log, fault: &ConfigFault) -> EngineFault {
    let fields = json!({"version": null, "field": fault.field, "fault": fault.fault, "remedy": fault.remedy});
    log.error("config_refused", &fault.to_string(), fields);
    EngineFault::new(
        Ending::BadConfiguration,
        "config_refused",
        fault.to_string(),
    )
}
