//! The command line: `--strategy NAME --config PATH`, `--strategies`, `--check`.

use std::path::PathBuf;

use crate::fault::{Ending, EngineFault};

/// How the engine is called.
pub const USAGE: &str = "tradewind-engine --strategy NAME --config RESOLVED.json [--check] [--record FILE | --recording FILE] | --strategies";

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Arguments {
    /// Name the strategies.
    Strategies,
    /// Run one.
    Run {
        /// By its name.
        strategy: String,
        /// With this resolved configuration.
        config: PathBuf,
        /// Only look at the configuration.
        check: bool,
        /// Write the feed down there.
        record: Option<PathBuf>,
        /// Replay this one.
        recording: Option<PathBuf>,
    },
}

impl Arguments {
    /// Reads them, without the program's own name.
    ///
    /// # Errors
    /// `arguments_malformed`, with exit code 64.
    pub fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Self, EngineFault> {
        let (mut strategy, mut config, mut check, mut list) = (None, None, false, false);
        let (mut record, mut recording) = (None, None);
        let mut arguments = arguments.into_iter();
        while let Some(argument) = arguments.next() {
            let mut value = || {
                let missing = || malformed(&format!("{argument}: needs a value"));
                arguments.next().ok_or_else(missing)
            };
            let twice = match argument.as_str() {
                "--strategy" => strategy.replace(value()?).is_some(),
                "--config" => config.replace(PathBuf::from(value()?)).is_some(),
                "--record" => record.replace(PathBuf::from(value()?)).is_some(),
                "--recording" => recording.replace(PathBuf::from(value()?)).is_some(),
                "--check" => std::mem::replace(&mut check, true),
                "--strategies" => std::mem::replace(&mut list, true),
                _ => return Err(malformed(&format!("{argument}: is not known"))),
            };
            if twice {
                return Err(malformed(&format!("{argument}: is given twice")));
            }
        }
        match (list, strategy, config) {
            (true, None, None) if !check => Ok(Self::Strategies),
            (true, ..) => Err(malformed("--strategies: stands alone")),
            (false, None, _) => Err(malformed("--strategy: is missing")),
            (false, _, None) => Err(malformed("--config: is missing")),
            (false, Some(strategy), Some(config)) => Ok(Self::Run {
                strategy,
                config,
                check,
                record,
                recording,
            }),
        }
    }
}

fn malformed(fault: &str) -> EngineFault {
    let message = format!("{fault}; call it as: {USAGE}");
    EngineFault::new(Ending::BadConfiguration, "arguments_malformed", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Arguments, EngineFault> {
        Arguments::parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn reads_a_strategy_and_its_configuration() {
        let expected = Arguments::Run {
            strategy: "arb".to_owned(),
            config: PathBuf::from("a.json"),
            check: true,
            record: None,
            recording: None,
        };
        assert_eq!(
            parse("--config a.json --check --strategy arb"),
            Ok(expected)
        );
        assert_eq!(parse("--strategies"), Ok(Arguments::Strategies));
    }

    #[test]
    fn refuses_what_is_missing_unknown_or_said_twice() {
        for line in [
            "",
            "--strategy arb",
            "--config a.json",
            "--strategy",
            "--strategy arb --config a --config b",
            "--strategy arb --config a --fast",
            "--strategies --check",
        ] {
            let fault = parse(line).expect_err(line);
            assert_eq!(
                (fault.code(), fault.ending().code()),
                ("arguments_malformed", 64)
            );
        }
    }
}
