//! Runs the scenarios that every SDK must pass, on real hosts. The scenarios test the contract
//! through the SDK of each language.

use crate::redis::server::program;
use crate::redis::servers_of;
use crate::support::{TestHost, component, project};
use hostel::{CacheName, CallError, Request, Response};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

#[allow(missing_docs)]
mod faulty_host;
mod hosts;
mod step;

use hosts::{Hosts, Situation};
use step::{Expected, Scenario, Step, scenarios};

/// Lists the languages with the folders of their conformance plugins, and generates their tests.
macro_rules! languages {
    ($($language:ident: $folder:literal;)*) => {
        const LANGUAGES: &[(&str, &str)] = &[$((stringify!($language), $folder)),*];

        mod languages {
            $(mod $language {
                #[test]
                fn passes_every_scenario() {
                    assert_eq!(super::super::row(stringify!($language), $folder).wrong, "");
                }

                mod redis {
                    #[test]
                    fn passes_every_scenario() {
                        super::super::super::check_on_redis(stringify!($language), $folder);
                    }
                }

                #[tokio::test]
                async fn fails_in_a_host_that_returns_wrong_results() {
                    super::super::check_red(stringify!($language), $folder).await;
                }
            })*
        }
    };
}

// TypeScript is covered by JavaScript: both use the same SDK.
languages! {
    c: "guest-sdk/c/conformance";
    go: "guest-sdk/go/conformance";
    javascript: "guest-sdk/javascript/conformance";
    python: "guest-sdk/python/conformance";
    rust: "guest-sdk/conformance";
}

/// The result of a scenario or of one of its steps. The error describes the failure.
type Outcome = Result<Passed, String>;

#[derive(Clone, Copy, PartialEq)]
enum Passed {
    Yes,
    /// The language lacks the feature that the scenario tests.
    NotApplicable,
}

/// A host that runs a conformance plugin.
trait Place {
    async fn call(&self, request: Request) -> Result<Response, CallError>;
    /// Performs a step that happens outside the plugin, if this host supports it. Returns false for
    /// a step of the plugin.
    fn beside(&self, step: &Step) -> bool;
    /// Removes the logged lines and returns them, each with its level.
    fn logged(&self) -> Vec<(String, String)>;
}

impl Place for TestHost {
    async fn call(&self, request: Request) -> Result<Response, CallError> {
        self.host.call("plugin.conformance", request).await
    }

    fn beside(&self, step: &Step) -> bool {
        let text = |name: &str| step.member(name).as_str().unwrap_or_default();
        match step.op.as_str() {
            "advance" => {
                let seconds = step.member("seconds").as_f64().unwrap();
                self.advance(Duration::from_secs_f64(seconds));
            }
            "host-set" => {
                if let Some(server) = &self.redis {
                    let name = format!("hostel:v:{{p/plugin/{}}}", text("key"));
                    let value = text("value").as_bytes();
                    server.ask_about_a_name(&[b"SET", name.as_bytes(), value]);
                    return true;
                }
                let name = CacheName::private("plugin").unwrap();
                let cache = self.host.caches().get(&name).unwrap();
                let cache = cache.memory().unwrap();
                cache.set(text("key"), text("value"), None).unwrap();
            }
            _ => return false,
        }
        true
    }

    fn logged(&self) -> Vec<(String, String)> {
        let lines = self.lines.lock().unwrap().drain(..).collect::<Vec<_>>();
        lines.into_iter().map(|(level, line)| (level.to_string(), line)).collect()
    }
}

async fn run(place: &impl Place, language: &str, scenario: &Scenario) -> Outcome {
    for (number, step) in scenario.steps.iter().enumerate() {
        let wrong = |what: String| format!("step {} ({}): {what}", number + 1, step.op);
        if !place.beside(step)
            && check(place, language, step).await.map_err(wrong)? == Passed::NotApplicable
        {
            return Ok(Passed::NotApplicable);
        }
    }
    Ok(Passed::Yes)
}

async fn check(place: &impl Place, language: &str, step: &Step) -> Outcome {
    let expected = step.except.get(language).unwrap_or(&step.expected);
    let request = step.request();
    place.logged();
    let answered = place.call(request.clone()).await;
    if let Some((kind, message)) = &expected.failure {
        return match answered {
            Err(CallError::Failure(failure))
                if failure.kind.as_str() == kind && failure.message == *message =>
            {
                Ok(Passed::Yes)
            }
            other => Err(format!("wanted the failure {kind}: {message}, got {other:?}")),
        };
    }
    if let Some(wanted) = &expected.response {
        wanted.check(&answered.map_err(|error| error.to_string())?)?;
        return check_log(place, expected);
    }
    let mut answer = answer(answered)?;
    let actual = answer.as_object_mut().and_then(|answer| answer.remove("message"));
    if step.may_skip && answer == json!({ "skip": true }) {
        return Ok(Passed::NotApplicable);
    }
    if expected.distinct {
        return check_distinct(place, request, answer).await;
    }
    let wanted = match (&expected.ok, &expected.error) {
        (Some(ok), _) => json!({ "ok": ok }),
        (None, Some(kind)) => json!({ "error": kind }),
        (None, None) => json!({ "ok": null }),
    };
    if !equal(&answer, &wanted) {
        return Err(format!("wanted {wanted:.200}, got {answer:.200}"));
    }
    let actual = actual.as_ref().and_then(Value::as_str).unwrap_or_default();
    if let Some(message) = expected.message.as_ref().filter(|message| !actual.contains(&**message))
    {
        return Err(format!("wanted the message {message:?}, got {actual:?}"));
    }
    check_log(place, expected)
}

fn check_log(place: &impl Place, expected: &Expected) -> Outcome {
    match (&expected.logged, place.logged().as_slice()) {
        (None, [(level, _)]) if expected.warned && level == "warn" => Ok(Passed::Yes),
        (None, []) if expected.warned => Err("wanted a warning, got none".to_owned()),
        (Some(wanted), [line]) if wanted == line => Ok(Passed::Yes),
        (None, []) => Ok(Passed::Yes),
        (wanted, lines) => Err(format!("wanted the lines {wanted:?}, got {lines:?}")),
    }
}

fn answer(answered: Result<Response, CallError>) -> Result<Value, String> {
    let response = answered.map_err(|error| error.to_string())?;
    let text = String::from_utf8_lossy(&response.body).into_owned();
    serde_json::from_str(&text)
        .map_err(|error| format!("the response {text:?} is not JSON: {error}"))
}

/// Checks that three calls, each in a new instance, draw no random number twice.
async fn check_distinct(place: &impl Place, request: Request, first: Value) -> Outcome {
    let mut drawn = BTreeSet::new();
    let mut count = 0;
    let second = answer(place.call(request.clone()).await)?;
    let third = answer(place.call(request).await)?;
    for answer in [first, second, third] {
        let numbers = answer["ok"].as_array().ok_or(format!("not a list of numbers: {answer}"))?;
        count += numbers.len();
        drawn.extend(numbers.iter().map(ToString::to_string));
    }
    match (count, drawn.len()) {
        (0, _) => Err("no source of randomness".to_owned()),
        (drew, distinct) if drew == distinct => Ok(Passed::Yes),
        _ => Err(format!("equal numbers among {drawn:?}")),
    }
}

/// Compares JSON values, treating 1 and 1.0 as equal: not every language distinguishes them.
fn equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(name, a)| b.get(name).is_some_and(|b| equal(a, b)))
        }
        _ => a == b,
    }
}

/// The results of all scenarios in one language.
#[derive(Clone, Default)]
struct Row {
    /// One mark per scenario, in order.
    marks: Vec<&'static str>,
    /// The failures, one per line.
    wrong: String,
}

/// Returns the results of one language. Runs the scenarios only once, even if several tests need
/// the results.
fn row(language: &str, folder: &str) -> Row {
    static ROWS: OnceLock<Mutex<BTreeMap<String, Row>>> = OnceLock::new();
    let mut rows = ROWS.get_or_init(Mutex::default).lock().unwrap();
    if let Some(row) = rows.get(language) {
        return row.clone();
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let row = runtime.block_on(new_row(language, folder));
    rows.insert(language.to_owned(), row.clone());
    row
}

async fn new_row(language: &str, folder: &str) -> Row {
    let limits = hostel::Limits {
        time: Duration::from_secs(20),
        cpu: Duration::from_secs(20),
        ..hostel::Limits::default()
    };
    run_all(TestHost::with(limits), language, folder).await
}

/// Runs all scenarios in one language. The ordinary host has its cache in Redis: first on a single
/// server, then on a cluster. One version of Redis is enough, because an SDK cannot observe it.
fn check_on_redis(language: &str, folder: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for server in runtime.block_on(servers_of(&[program()])) {
        let host = TestHost::on(Arc::clone(&server));
        let row = runtime.block_on(run_all(host, language, folder));
        assert_eq!(row.wrong, "");
        let passed = row.marks.iter().filter(|mark| **mark == "yes").count();
        println!("scenarios in {language} on {}: {passed}", server.title());
    }
}

async fn run_all(host: TestHost, language: &str, folder: &str) -> Row {
    let hosts = Hosts::new(host, &std::fs::read(component(folder)).unwrap()).await;
    let mut row = Row::default();
    for scenario in scenarios() {
        row.marks.push(match run(hosts.of(scenario.host), language, &scenario).await {
            Ok(Passed::Yes) => "yes",
            Ok(Passed::NotApplicable) => "-",
            Err(what) => {
                writeln!(row.wrong, "{language}: {}: {what}", scenario.name).unwrap();
                "NO"
            }
        });
    }
    row
}

#[test]
fn every_language_and_scenario_is_in_the_page_of_the_docs() {
    let rows: Vec<Row> = LANGUAGES.iter().map(|(language, folder)| row(language, folder)).collect();
    let page = page(&rows);
    println!("{page}");
    let kept = project().join("docs/conformance.md");
    let passed = rows.iter().all(|row| row.wrong.is_empty());
    if passed && std::env::var_os("HOSTEL_WRITE_DOCS").is_some() {
        std::fs::write(&kept, &page).unwrap();
    }
    let fix = "run the test with HOSTEL_WRITE_DOCS=1 to rewrite docs/conformance.md";
    assert_eq!(std::fs::read_to_string(kept).unwrap_or_default(), page, "{fix}");
}

/// Renders the results as a page of the docs.
fn page(rows: &[Row]) -> String {
    let languages: Vec<_> = LANGUAGES.iter().map(|(language, _)| *language).collect();
    let mut page = format!(
        "# Conformance\n\nLook up here what the SDK of your language is tested for. In each language, a \
         test runs the\nscenarios of `guest-sdk/conformance/` in a real host and writes this page. `yes`: \
         the scenario\npassed. `-`: the case cannot occur in the language; in Rust, for example, no \
         expiry is negative.\n\n| scenario | {} |\n|---|{}\n",
        languages.join(" | "),
        "---|".repeat(languages.len())
    );
    for (number, scenario) in scenarios().iter().enumerate() {
        let marks: Vec<_> = rows.iter().map(|row| row.marks[number]).collect();
        writeln!(page, "| {} | {} |", scenario.name, marks.join(" | ")).unwrap();
    }
    page
}

/// A host whose cache returns the same invalid text for every `get`, and stores nothing.
struct FaultyCache(faulty_host::FaultyHost);

impl Place for FaultyCache {
    async fn call(&self, request: Request) -> Result<Response, CallError> {
        let answered = self.0.call("conformance", request.body).await;
        let body = answered.map_err(|error| CallError::ContractViolation(error.to_string()))?;
        Ok(Response { status: 200, content_type: None, headers: Vec::new(), body })
    }

    fn beside(&self, step: &Step) -> bool {
        ["advance", "host-set"].contains(&&*step.op)
    }

    fn logged(&self) -> Vec<(String, String)> {
        Vec::new()
    }
}

/// Checks that more than 40 scenarios fail on a faulty host. A scenario that passed on every host
/// would prove nothing.
async fn check_red(language: &str, folder: &str) {
    let bytes = std::fs::read(Path::new(&component(folder))).unwrap();
    let faulty = FaultyCache(faulty_host::FaultyHost::new(&bytes).unwrap());
    let mut red = 0;
    // Scenarios with HTTP requests test the request and the response, not the cache.
    let is_of_cache = |it: &&Scenario| it.steps.iter().all(|step| !step.is_by_http());
    let ordinary = |it: &&Scenario| it.host == Situation::Ordinary;
    for scenario in scenarios().iter().filter(ordinary).filter(is_of_cache) {
        red += usize::from(run(&faulty, language, scenario).await.is_err());
    }
    assert!(red > 40, "{language}: only {red} scenarios failed");
}
