//! Outgoing requests and settings, of services for Hostel and for Zato.

use super::{built, built_with};
use crate::outbound::server::Source;
use crate::support::TestHost;
use serde_json::{Value, json};

#[tokio::test]
async fn a_service_imports_requests_and_settings_when_it_imports_them_from_the_sdk() {
    let text = "import http.client
import hostel_sdk
from hostel_sdk import Request, service

@service
def plain(request: Request):
    return not request.http

@service
def dynamic(name: str):
    return vars(hostel_sdk)[name].get('https://example.com/')
";
    let (imports, host) = built(&[("svc.py", text)]).await;
    assert_eq!(imports, ["cache/cache", "log/log"]);
    assert_eq!(TestHost::json(host.call("svc.plain", &Value::Null).await), json!(true));
    for name in ["http", "config"] {
        let error = host.call("svc.dynamic", &json!(name)).await.unwrap_err().to_string();
        let why = format!("RuntimeError: {name} is not in this component");
        assert!(error.contains(&why), "{error}");
    }
    for (name, interface) in [("http", "http/client"), ("config", "config/config")] {
        let used = format!("from hostel_sdk import {name}\n{text}");
        let (imports, _) = built(&[("svc.py", &used)]).await;
        let mut expected = vec!["cache/cache", interface, "log/log"];
        expected.sort_unstable();
        assert_eq!(imports, expected);
    }
}

#[tokio::test]
async fn a_service_written_for_zato_sends_requests_by_its_connections() {
    let text = "from zato.server.service import Service

class Sends(Service):
    def handle(self):
        params = {'id': 7, 'page': 1}
        response = self.out.rest['crm'].conn.post(self.cid, {'a': [1]}, params)
        self.response.payload = [response.status_code, response.ok, response.data]

class Lacks(Service):
    def handle(self):
        self.out.rest['cmr']
";
    let source = Source::new();
    let mut settings = source.granted();
    let config = &mut settings.grants.config.settings;
    config.insert("zato.out.rest.crm.host".to_owned(), source.url(""));
    config.insert("zato.out.rest.crm.url-path".to_owned(), "/c/{id}".to_owned());
    let (imports, host) = built_with(&[("svc.py", text)], settings).await;
    assert_eq!(imports, ["cache/cache", "config/config", "http/client", "log/log"]);
    let answer = TestHost::json(host.call("svc.sends", &Value::Null).await);
    assert_eq!((&answer[0], &answer[1]), (&json!(200), &json!(true)));
    let asked = &answer[2];
    assert_eq!((&asked["method"], &asked["path"]), (&json!("POST"), &json!("/c/7?page=1")));
    assert_eq!(asked["body"], "{\"a\":[1]}");
    let headers = asked["headers"].as_array().unwrap();
    assert!(headers.contains(&json!(["content-type", "application/json"])), "{asked}");
    let error = host.call("svc.lacks", &Value::Null).await.unwrap_err().to_string();
    assert!(error.contains("no connection 'cmr' in self.out.rest; there are: crm; "), "{error}");
    assert_eq!(host.messages(), [""; 0]);
}
