//! Stores a user with an expiry and reads the fields back.

use std::time::Duration;

use hostel_sdk::{Context, Result, info, services};
use serde::{Deserialize, Serialize};

const EXPIRY: Duration = Duration::from_secs(300);

services! {
    /// Stores a user with an expiry and reads the fields back.
    user_profile,
}

#[derive(Serialize, Deserialize)]
struct User {
    username: String,
    email: String,
    roles: Vec<String>,
}

fn user_profile(ctx: &Context) -> Result<()> {
    let user = User {
        username: "joe".to_string(),
        email: "joe@example.com".to_string(),
        roles: vec!["admin".to_string(), "editor".to_string()],
    };
    ctx.cache.set_with_expiry("user:123", &user, EXPIRY)?;

    if let Some(cached) = ctx.cache.get::<User>("user:123")? {
        info!("{}", cached.username);
        info!("{:?}", cached.roles);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use hostel_sdk::fake::Fake;

    use super::*;

    #[test]
    fn user_is_read_back_and_exists_for_five_minutes() {
        let fake = Fake::new();
        fake.call(SERVICES, "user-profile", &()).unwrap();

        assert_eq!(fake.logs(), ["info: joe", r#"info: ["admin", "editor"]"#]);
        assert_eq!((fake.stats().sets, fake.stats().hits), (1, 1));

        let cache = fake.context().cache;
        let email = cache.get::<User>("user:123").unwrap().map(|user| user.email);
        assert_eq!(email.as_deref(), Some("joe@example.com"));
        fake.advance(EXPIRY - Duration::from_millis(1));
        assert_eq!(cache.exists("user:123"), Ok(true));
        fake.advance(Duration::from_millis(1));
        assert_eq!(cache.exists("user:123"), Ok(false));
    }
}
