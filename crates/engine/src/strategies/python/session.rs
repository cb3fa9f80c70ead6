//! `Session`: asks the child, one question at a time, and starts another child when one is no use any more.

use std::collections::VecDeque;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::allowance::Allowance;
use super::child::{Child, ChildFault};
use super::desk::{Desk, MOST_POOLS, PATIENCE, Work};
use super::parameters::PythonParameters;
use crate::config::ConfigFault;
use crate::fault::{Ending, EngineFault};
use crate::inventory::Inventory;
use crate::log::Level;
use crate::pipeline::{Candidate, Changed};

/// What the two understand.
const PROTOCOL: u64 = 1;
/// Before the second start; doubles with each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// Lines about exceptions, and lines of the strategy's own log, that are kept each second.
const LINES_PER_S: u32 = 50;
/// Most lines of its log in one answer.
const MOST_LINES: usize = 50;

/// Why a child did not become ready.
enum NotReady {
    Fault(ChildFault),
    /// It does not take its parameters, or its file cannot be taken.
    Refused(ConfigFault),
}

/// One child after the other.
pub(super) struct Session {
    desk: Arc<Desk>,
    child: Option<Child>,
    number: u64,
    /// The configuration that the child was told last.
    version: u64,
    restarts: VecDeque<Instant>,
    lines: Allowance,
}

impl Session {
    /// Starts the first child, and waits until it is ready.
    ///
    /// # Errors
    /// `strategy_refused` when the file or its parameters cannot be taken, `strategy_failed` when it does not start.
    pub(super) fn begin(desk: Arc<Desk>) -> Result<Self, EngineFault> {
        let mut session = Self {
            desk,
            child: None,
            number: 0,
            version: 0,
            restarts: VecDeque::new(),
            lines: Allowance::new(LINES_PER_S),
        };
        match session.start() {
            Ok(()) => Ok(session),
            Err(NotReady::Refused(fault)) => {
                let fields = json!({"version": null, "field": fault.field, "fault": fault.fault, "remedy": fault.remedy});
                let log = &session.desk.shared.log;
                log.error("config_refused", &fault.to_string(), fields);
                Err(refused(&fault))
            }
            Err(NotReady::Fault(fault)) => {
                session.tell_fault(&fault);
                Err(failed(&fault.to_string()))
            }
        }
    }

    fn start(&mut self) -> Result<(), NotReady> {
        let desk = Arc::clone(&self.desk);
        let in_force = desk.shared.in_force.now();
        let mints = PythonParameters::read(&in_force.parameters).map(|it| it.mints);
        let mints: Vec<_> = mints
            .unwrap_or_default()
            .iter()
            .map(ToString::to_string)
            .collect();
        let wallet = desk.shared.inventory().wallet();
        let question = json!({
            "kind": "start",
            "number": 0,
            "protocol": PROTOCOL,
            "instance": desk.shared.instance,
            "wallet": wallet.map(|wallet| wallet.to_string()),
            "mints": mints,
            "replays": desk.replays,
            "parameters": PythonParameters::of_the_user(&in_force.parameters),
        });
        let child = Child::start(&desk.program, &desk.folder, &desk.shared.log);
        let mut child = child.map_err(NotReady::Fault)?;
        let within = Duration::from_millis(desk.program.start_within_ms);
        let mut answer = child.ask(&question, 0, within).map_err(NotReady::Fault)?;
        if let Some(fault) = refusal(&answer["refused"]) {
            return Err(NotReady::Refused(fault));
        }
        self.hear(&mut answer);
        let fields = json!({"pid": child.id(), "file": desk.program.file});
        let message = "the strategy's process is ready";
        desk.shared.log.info("strategy_started", message, fields);
        (self.child, self.number, self.version) = (Some(child), 0, in_force.version);
        Ok(())
    }

    /// The whole work of the live thread, until the desk is closed.
    pub(super) fn run(mut self) {
        let desk = Arc::clone(&self.desk);
        let mut next = None;
        while next.is_some() || !desk.work.is_finished() {
            let Some(work) = next.take().or_else(|| desk.work.pop(PATIENCE)) else {
                continue;
            };
            let (changed, wishes) = match work {
                Work::Notice(notice) => (None, self.ask(notice)),
                // An engine that stops finds nothing new, and still tells how its trades ended.
                Work::Changed(_) if desk.shared.is_stopping() => continue,
                Work::Changed(first) => {
                    let (batch, after) = desk.batch(first);
                    next = after;
                    let update = desk.update(&desk.shared.inventory(), &batch);
                    (batch.last().copied(), self.ask(update))
                }
            };
            let Some(changed) = changed.or_else(|| self.newest()) else {
                continue;
            };
            let candidates = desk.wishes(&desk.shared.inventory(), wishes);
            desk.hand_over(changed, candidates);
        }
        let _whatever = self.ask(json!({"kind": "stop"}));
    }

    /// One change, to its decision; what waits to be told goes first.
    pub(super) fn decide(&mut self, inventory: &Inventory, changed: Changed) -> Vec<Candidate> {
        let desk = Arc::clone(&self.desk);
        let (mut wishes, mut batch) = (Vec::new(), vec![changed]);
        while let Some(work) = desk.work.pop(Duration::ZERO) {
            match work {
                Work::Notice(notice) => wishes.extend(self.ask(notice)),
                Work::Changed(missed) if missed.pool != changed.pool => batch.push(missed),
                Work::Changed(_) => {}
            }
        }
        for batch in batch.chunks(MOST_POOLS) {
            wishes.extend(self.ask(desk.update(inventory, batch)));
        }
        desk.wishes(inventory, wishes)
    }

    /// Asks, and gives what the strategy wishes for; nothing where it did not answer.
    fn ask(&mut self, question: Value) -> Vec<Value> {
        let in_force = self.desk.shared.in_force.now();
        if in_force.version != self.version && self.child.is_some() {
            self.version = in_force.version;
            let parameters = PythonParameters::of_the_user(&in_force.parameters);
            let question = json!({"kind": "parameters", "parameters": parameters});
            let answer = self.exchange(question);
            if let Some(fault) = refusal(&answer["refused"]) {
                let fields = json!({"version": in_force.version, "field": fault.field, "fault": fault.fault, "remedy": fault.remedy});
                let message = format!("the strategy keeps its former parameters: {fault}");
                let log = &self.desk.shared.log;
                log.warning("strategy_parameters_refused", &message, fields);
            }
        }
        let mut answer = self.exchange(question);
        match answer["wishes"].take() {
            Value::Array(wishes) => wishes,
            _ => Vec::new(),
        }
    }

    fn exchange(&mut self, mut question: Value) -> Value {
        let Some(child) = self.child.as_mut() else {
            return Value::Null;
        };
        self.number += 1;
        question["number"] = self.number.into();
        let within = Duration::from_millis(self.desk.program.answer_within_ms);
        let asked = child.ask(&question, self.number, within);
        match asked {
            Ok(mut answer) => {
                self.hear(&mut answer);
                answer
            }
            Err(fault) => {
                self.child = None;
                self.tell_fault(&fault);
                if !self.desk.shared.is_stopping() {
                    self.start_again(&fault);
                }
                Value::Null
            }
        }
    }

    /// Until a child is ready, or there were too many.
    fn start_again(&mut self, because: &ChildFault) {
        let desk = Arc::clone(&self.desk);
        let window = Duration::from_millis(desk.program.restart_window_ms);
        let most = usize::try_from(desk.program.most_restarts).unwrap_or(usize::MAX);
        let mut because = because.to_string();
        loop {
            self.restarts.retain(|at| at.elapsed() < window);
            // A replay is not to depend on what a second try makes of it.
            if desk.replays || self.restarts.len() >= most {
                break;
            }
            let doublings = u32::try_from(self.restarts.len()).unwrap_or(u32::MAX);
            let pause = FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(doublings));
            if !self.rest(pause.min(LONGEST_PAUSE)) {
                return;
            }
            self.restarts.push_back(Instant::now());
            match self.start() {
                Ok(()) => {
                    desk.tell_all();
                    return;
                }
                Err(NotReady::Fault(fault)) => {
                    self.tell_fault(&fault);
                    because = fault.to_string();
                }
                Err(NotReady::Refused(fault)) => {
                    desk.shared.failure.tell(refused(&fault));
                    return;
                }
            }
        }
        desk.shared.failure.tell(failed(&because));
        if desk.replays {
            desk.shared.stop();
        }
    }

    /// False when the engine stops meanwhile.
    fn rest(&self, pause: Duration) -> bool {
        let until = Instant::now() + pause;
        while Instant::now() < until && !self.desk.shared.is_stopping() {
            std::thread::sleep(PATIENCE.min(pause));
        }
        !self.desk.shared.is_stopping()
    }

    /// What an answer says beside its wishes.
    fn hear(&mut self, answer: &mut Value) {
        let log = self.desk.shared.log.clone();
        if let Value::Object(raised) = answer["raised"].take()
            && let Some(suppressed) = self.lines.take()
        {
            let text = |name: &str| raised.get(name).and_then(Value::as_str).unwrap_or_default();
            let message = format!("{} raised {}", text("during"), text("error"));
            let fields = json!({"during": text("during"), "error": text("error"), "traceback": text("traceback"), "suppressed_before": suppressed});
            log.warning("strategy_raised", &message, fields);
        }
        let Value::Array(lines) = answer["log"].take() else {
            return;
        };
        for line in lines.iter().take(MOST_LINES) {
            if let Some(suppressed) = self.lines.take() {
                let level = match line["level"].as_str() {
                    Some("error") => Level::Error,
                    Some("warning") => Level::Warning,
                    _ => Level::Info,
                };
                let text = line["message"].as_str().unwrap_or_default();
                let fields = json!({"suppressed_before": suppressed});
                log.line(level, "strategy_log", text, fields);
            }
        }
    }

    fn tell_fault(&self, fault: &ChildFault) {
        let message = format!("the strategy's process {fault}");
        let fields = json!({"code": fault.code(), "restarts": self.restarts.len()});
        self.desk.shared.log.warning(fault.code(), &message, fields);
    }

    /// The newest change of all, for a wish that no change is behind.
    fn newest(&self) -> Option<Changed> {
        let inventory = self.desk.shared.inventory();
        let ids = inventory.graph().pool_ids();
        let standing = |id| {
            Some((
                inventory.standing(id)?.moment,
                inventory.graph().address_of(id)?,
            ))
        };
        let (moment, pool) = ids.filter_map(standing).max()?;
        let now = Instant::now();
        Some(Changed {
            pool,
            moment,
            told_at: now,
            applied_at: now,
        })
    }
}

/// The live thread; ends when this is dropped.
pub struct PythonProcess {
    desk: Arc<Desk>,
    thread: Option<JoinHandle<()>>,
}

impl PythonProcess {
    pub(super) fn start(session: Session) -> Result<Self, EngineFault> {
        let desk = Arc::clone(&session.desk);
        let thread = std::thread::Builder::new()
            .name("python".to_owned())
            .spawn(move || session.run())
            .map_err(|error| EngineFault::defect("no_thread", error.to_string()))?;
        Ok(Self {
            desk,
            thread: Some(thread),
        })
    }

    /// Tells the strategy what is left to tell, and that it ends; waits until it has.
    pub fn close(mut self) {
        self.end();
    }

    fn end(&mut self) {
        self.desk.work.close();
        if let Some(thread) = self.thread.take() {
            let _panicked = thread.join();
        }
    }
}

impl Drop for PythonProcess {
    fn drop(&mut self) {
        self.end();
    }
}

fn refusal(told: &Value) -> Option<ConfigFault> {
    let text = |name: &str| told[name].as_str().unwrap_or_default().to_owned();
    told.is_object()
        .then(|| ConfigFault::new(text("field"), text("fault"), text("remedy")))
}

fn refused(fault: &ConfigFault) -> EngineFault {
    EngineFault::new(
        Ending::BadConfiguration,
        "strategy_refused",
        fault.to_string(),
    )
}

fn failed(because: &str) -> EngineFault {
    let message = format!(
        "the strategy's process {because}, and is not started again; see the lines before, and correct its file"
    );
    EngineFault::defect("strategy_failed", message)
}
