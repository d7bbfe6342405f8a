//! Runs the scenarios on the fake. All languages share these scenarios.

use super::*;
use hostel_sdk::fake::Fake;
use hostel_sdk::{HttpRequest, Request};
use serde_json::value::RawValue;

const SCENARIOS: &str = include_str!("../scenarios.json");

#[test]
fn every_scenario_passes_on_the_fake() {
    let scenarios: Vec<Value> = serde_json::from_str(SCENARIOS).unwrap();
    let mut steps = 0;
    for scenario in &scenarios {
        let fake = Fake::new();
        for step in scenario["steps"].as_array().unwrap() {
            steps += 1;
            let passed = do_step(&fake, step);
            assert_eq!(passed, Ok(()), "{}: {step:.200}", scenario["name"]);
        }
    }
    assert!(steps > scenarios.len() && scenarios.len() > 50, "{steps} steps");
}

/// Runs one step on a fake and compares the result. The test itself runs `advance` and `host-set`;
/// the plugin runs all other steps.
fn do_step(fake: &Fake, step: &Value) -> Result<(), String> {
    let text = |name: &str| step[name].as_str().unwrap_or_default();
    match text("op") {
        "advance" => {
            fake.advance(Duration::from_secs_f64(step["seconds"].as_f64().unwrap()));
            return Ok(());
        }
        "host-set" => {
            let value = RawValue::from_string(text("value").to_owned()).unwrap();
            fake.context().cache.set(text("key"), &value).unwrap();
            return Ok(());
        }
        _ => (),
    }
    let expected = step["except"].get("rust").unwrap_or(step);
    let logged = fake.logs().len();
    let answered = match step["http"].as_object() {
        Some(_) => fake.call_with(SERVICES, by_http(step)),
        None => fake.call(SERVICES, "conformance", &sent(step)),
    };
    if let (Ok(response), Some(wanted)) = (&answered, expected.get("response")) {
        check_response(response, wanted)?;
        return check_log(fake, logged, expected);
    }
    let mut result = match answered {
        Ok(response) => serde_json::from_slice(&response.body).unwrap(),
        Err(failure) => json!({ "failure": [kebab_case(failure.kind), failure.message] }),
    };
    let actual = result.as_object_mut().and_then(|result| result.remove("message"));
    let actual = actual.as_ref().and_then(Value::as_str).unwrap_or_default();
    let message = expected["message"].as_str().unwrap_or_default();
    if !actual.contains(message) {
        return Err(format!("got {actual:?}, expected {message:?}"));
    }
    let skipped = step["may_skip"] == true && result == json!({ "skip": true });
    // The random numbers of two instances must differ, but a fake has no instances.
    if skipped || step["distinct"] == true && result["ok"].is_array() {
        return Ok(());
    }
    let wanted = ["failure", "error", "ok"].into_iter().find(|name| expected.get(name).is_some());
    let wanted = wanted.ok_or("a step expects a failure, an error or ok")?;
    if !equal(&result, &json!({ wanted: expected[wanted] })) {
        return Err(format!("{result:.200}"));
    }
    check_log(fake, logged, expected)
}

fn check_log(fake: &Fake, before: usize, expected: &Value) -> Result<(), String> {
    let line =
        |line: &Value| format!("{}: {}", line[0].as_str().unwrap(), line[1].as_str().unwrap());
    let lines: Vec<_> = expected.get("logged").map(line).into_iter().collect();
    let new = fake.logs().split_off(before);
    let is_warning = new.len() == 1 && new[0].starts_with("warn: ");
    let passed = if expected["warned"] == true { is_warning } else { new == lines };
    if passed { Ok(()) } else { Err(format!("logged {new:?}, not {lines:?}")) }
}

/// Compares the members that `wanted` lists with the response.
fn check_response(response: &Response, wanted: &Value) -> Result<(), String> {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let headers: Vec<_> = response.headers.iter().map(|(n, value)| (n, text(value))).collect();
    let body = match &wanted["body"] {
        Value::Object(members) => {
            let body: Value = serde_json::from_slice(&response.body).unwrap();
            json!(members.keys().map(|name| (name, &body[name])).collect::<BTreeMap<_, _>>())
        }
        _ => json!(text(&response.body)),
    };
    let all = json!({
        "status": response.status, "content-type": response.content_type, "headers": headers,
        "body": body,
    });
    let differs = |(name, value): &(&String, &Value)| all[*name] != **value;
    match wanted.as_object().unwrap().iter().find(differs) {
        Some((name, value)) => Err(format!("{name} is {}, not {value}", all[name])),
        None => Ok(()),
    }
}

/// Returns the HTTP request of a step.
fn by_http(step: &Value) -> Request {
    let http = &step["http"];
    let text = |name: &str| http[name].as_str();
    let pairs = |name: &str| -> Vec<(String, String)> {
        serde_json::from_value(http[name].clone()).unwrap_or_default()
    };
    let headers = pairs("headers").into_iter().map(|(name, value)| (name, value.into_bytes()));
    let step = ("x-step".to_owned(), step.to_string().into_bytes());
    Request {
        service: "conformance".to_owned(),
        content_type: text("content_type").map(str::to_owned),
        body: text("body").unwrap_or_default().into(),
        http: Some(HttpRequest {
            method: text("method").unwrap_or("GET").to_owned(),
            path: text("path").unwrap_or("/").to_owned(),
            path_params: pairs("path_params"),
            query: text("query").unwrap_or_default().to_owned(),
            headers: headers.chain([step]).collect(),
            ..HttpRequest::default()
        }),
        ..Request::default()
    }
}

/// Returns the body to send: the step itself or, if the step has `bytes`, a `set` step with a value
/// of that size.
fn sent(step: &Value) -> Value {
    let mut sent = step.clone();
    if let Some(bytes) = step["bytes"].as_u64() {
        sent["op"] = json!("set");
        sent["value"] = json!("x".repeat(bytes as usize - 2));
    }
    sent
}

/// Compares JSON values. 1 equals 1.0, because not every language distinguishes them.
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

fn kebab_case(kind: FailureKind) -> String {
    let mut name = String::new();
    for letter in format!("{kind:?}").chars() {
        if letter.is_uppercase() && !name.is_empty() {
            name.push('-');
        }
        name.push(letter.to_ascii_lowercase());
    }
    name
}
