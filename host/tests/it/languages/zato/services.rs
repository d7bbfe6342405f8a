//! Five services in one plugin, in the styles of Zato.

use crate::languages::services::{ask, check_refused, served};
use serde_json::json;

const FORM: &str = "content-type: application/x-www-form-urlencoded";

#[tokio::test]
async fn services_written_for_zato_keep_customers_and_their_visits() {
    let server = served("crm");
    let send = async |request: &str, body: &str| ask(&server, request, &[], body).await;
    let ada = r#"{"id":"7","name":"Ada"}"#;
    let saved = send("POST /customers", ada).await;
    assert_eq!((saved.status, &*saved.body), (201, ada));
    assert_eq!(saved.header("location"), Some("/customers/7"));
    let gold = r#"{"id":"7","name":"Ada","tier":"gold"}"#;
    assert_eq!(send("POST /customers", gold).await.status, 200);
    check_refused(&send("POST /customers", "{}").await, 400, "A customer needs an id");

    let found = send("GET /customers/7?lang=de", "").await;
    assert_eq!(found.json(), json!({ "name": "Ada", "tier": "gold", "lang": "de" }));
    check_refused(&send("GET /customers/8", "").await, 404, "No customer 8");

    let visits = "/customers/7/visits";
    let visit = async |form: &str| ask(&server, &format!("POST {visits}"), &[FORM], form).await;
    for (status, place) in [(201, "Rome"), (200, "Paris")] {
        let reply = visit(&format!("day=monday&place={place}")).await;
        assert_eq!((reply.status, reply.json()), (status, json!({ "place": "Rome" })));
    }
    check_refused(&visit("day=monday").await, 400, "the request needs 'place'");
    let on = async |day: &str| send(&format!("GET {visits}?day={day}"), "").await.json();
    assert_eq!(on("monday").await, json!({ "visited": true }));
    assert_eq!(on("sunday").await, json!({ "visited": false }));
    check_refused(&send(&format!("GET {visits}"), "").await, 400, "The query needs a day");
    let deleted = send(&format!("DELETE {visits}"), "").await;
    assert_eq!(deleted.json(), json!({ "deleted": 1 }));

    assert_eq!(send("DELETE /customers/7", "").await.status, 204);
    assert_eq!(send("GET /customers/7", "").await.status, 404);
}
