//! The life of identity secrets, on both engines.

use super::*;
use crate::update::{Changes, update};
use crate::{create, identity};
use model::Page;
use std::time::Duration;
use store::accounts::AccountRow;
use store::events::Filter;
use testbed::{Bed, Setup, both};

both!(
    a_new_site_has_a_secret_of_its_own,
    a_replaced_secret_verifies_for_its_time,
    the_overlap_ends_when_it_should,
    old_secrets_are_few_and_the_newest,
    what_cannot_be_changes_nothing,
    the_audit_log_tells_of_every_secret_and_shows_none,
);

/// A server with one account.
struct World(Bed);

impl Setup for World {
    async fn on(bed: Bed) -> Self {
        let account = AccountRow::new("a", "team", "Team", bed.cx.now());
        let mut tx = bed.cx.begin().await.unwrap();
        store::accounts::insert(&mut tx, &account).await.unwrap();
        tx.commit().await.unwrap();
        Self(bed)
    }
}

impl World {
    fn cx(&self) -> &Context {
        &self.0.cx
    }

    async fn made(&self, secret: Option<&str>) -> SiteRow {
        let jwt_secret = secret.map(|secret| Some(secret.to_owned()));
        create(self.cx(), "a", None, Changes { jwt_secret, ..Changes::default() }).await.unwrap()
    }

    async fn set(&self, site: &SiteRow, secret: &str) -> Result<SiteRow> {
        let changes = Changes {
            jwt_secret: Some(Some(secret.to_owned())),
            by: Some("ada".into()),
            ..Changes::default()
        };
        update(self.cx(), &site.id, changes).await
    }

    async fn rotate(&self, site: &SiteRow, secret: Option<&str>, hours: Option<i64>) -> Result<Rotated> {
        let rotation = Rotation { jwt_secret: secret.map(str::to_owned), overlap_hours: hours };
        identity::rotate(self.cx(), &site.id, rotation, "ada").await
    }

    async fn now(&self, site: &SiteRow) -> SiteRow {
        store::sites::find(&mut self.cx().read().await.unwrap(), &site.id)
            .await
            .unwrap()
            .expect("it is there")
    }

    /// Every secret that verifies now.
    async fn verifying(&self, site: &SiteRow) -> Vec<String> {
        let found = secrets(self.cx(), &self.now(site).await).unwrap();
        let texts = |secrets: Secrets| {
            let all = secrets.all(self.cx().now());
            all.map(|secret| String::from_utf8_lossy(secret).into_owned()).collect()
        };
        found.map_or_else(Vec::new, texts)
    }

    fn hours_pass(&self, hours: u64) {
        self.0.clock.advance(Duration::from_secs(hours * 3600));
    }
}

async fn a_new_site_has_a_secret_of_its_own(w: &World) {
    let (one, two) = (w.made(None).await, w.made(None).await);
    let drawn = w.verifying(&one).await;
    assert_eq!((drawn.len(), drawn[0].len()), (1, 2 * DRAWN_BYTES));
    assert_ne!(drawn, w.verifying(&two).await);
    let kept = one.info.jwt_secret.unwrap();
    assert!(!kept.contains(&drawn[0]) && !kept.contains(&hex::encode(&drawn[0])));
    assert_eq!(w.verifying(&w.made(Some("chosen")).await).await, ["chosen"]);
    let emptied = w.made(Some("")).await;
    assert!(w.verifying(&emptied).await.is_empty());
    assert!(!present(&emptied, w.cx().now()).has_secret);
    let text = format!("{:?}", Secrets { current: b"plain".to_vec(), previous: Vec::new() });
    assert_eq!(text, "Secrets(..)");
}

async fn a_replaced_secret_verifies_for_its_time(w: &World) {
    let site = w.made(Some("one")).await;
    let made = w.rotate(&site, None, None).await.unwrap();
    let drawn = made.jwt_secret.expect("it was drawn");
    assert_eq!(w.verifying(&site).await, [drawn.as_str(), "one"]);
    let until = w.cx().now().plus_millis(OVERLAP_HOURS * 3_600_000);
    assert_eq!(made.identity.previous.iter().map(|old| old.until).collect::<Vec<_>>(), [until]);
    w.hours_pass(23);
    let made = w.rotate(&site, Some("three"), Some(2)).await.unwrap();
    assert_eq!(made.jwt_secret, None, "who sent it knows it");
    assert_eq!(w.verifying(&site).await, ["three", drawn.as_str(), "one"]);
    w.hours_pass(1);
    assert_eq!(w.verifying(&site).await, ["three", drawn.as_str()], "to the instant");
    w.hours_pass(1);
    assert_eq!(w.verifying(&site).await, ["three"]);
    assert!(present(&w.now(&site).await, w.cx().now()).previous.is_empty());
    let emptied = w.made(Some("")).await;
    w.rotate(&emptied, Some("first"), None).await.unwrap();
    assert_eq!(w.verifying(&emptied).await, ["first"], "nothing was replaced");
}

async fn the_overlap_ends_when_it_should(w: &World) {
    let site = w.made(Some("one")).await;
    w.rotate(&site, Some("two"), None).await.unwrap();
    end_overlap(w.cx(), &site.id, "ada").await.unwrap();
    assert_eq!(w.verifying(&site).await, ["two"]);
    w.rotate(&site, Some("three"), None).await.unwrap();
    w.rotate(&site, Some("four"), Some(0)).await.unwrap();
    assert_eq!(w.verifying(&site).await, ["four"], "no overlap ends those before it");
    w.rotate(&site, Some("five"), None).await.unwrap();
    w.set(&site, "six").await.unwrap();
    assert_eq!(w.verifying(&site).await, ["six"], "a secret that is set stands alone");
    w.rotate(&site, Some("seven"), None).await.unwrap();
    w.set(&site, "").await.unwrap();
    assert!(w.verifying(&site).await.is_empty());
    assert!(matches!(end_overlap(w.cx(), "nobody", "ada").await, Err(Error::NotFound)));
}

async fn old_secrets_are_few_and_the_newest(w: &World) {
    let site = w.made(Some("0")).await;
    for number in 1..=PREVIOUS_MAX + 2 {
        w.rotate(&site, Some(&number.to_string()), None).await.unwrap();
    }
    let expect: Vec<String> = (2..=PREVIOUS_MAX + 2).rev().map(|number| number.to_string()).collect();
    assert_eq!(w.verifying(&site).await, expect);
}

async fn what_cannot_be_changes_nothing(w: &World) {
    let site = w.made(Some("one")).await;
    let (longest, longer) = ("s".repeat(MAX_SECRET_BYTES), "s".repeat(MAX_SECRET_BYTES + 1));
    for (secret, hours, why) in [
        (Some(longer.as_str()), None, "1 to 1024 bytes"),
        (Some(""), None, "1 to 1024 bytes"),
        (None, Some(OVERLAP_HOURS_MAX + 1), "0 to 720"),
        (None, Some(-1), "0 to 720"),
    ] {
        let refused = w.rotate(&site, secret, hours).await.map(|_| ()).map_err(|error| error.to_string());
        assert!(refused.is_err_and(|said| said.contains(why)), "{hours:?}");
    }
    assert!(matches!(w.set(&site, &longer).await, Err(Error::Unprocessable(_))));
    assert_eq!(w.verifying(&site).await, ["one"]);
    w.rotate(&site, Some(&longest), Some(OVERLAP_HOURS_MAX)).await.unwrap();
    assert_eq!(w.verifying(&site).await, [longest.as_str(), "one"]);
    let gone = SiteRow { id: "nobody".into(), ..site };
    assert!(matches!(w.rotate(&gone, None, None).await, Err(Error::NotFound)));
}

async fn the_audit_log_tells_of_every_secret_and_shows_none(w: &World) {
    let site = w.made(Some("plain-one")).await;
    w.set(&site, "plain-two").await.unwrap();
    w.rotate(&site, Some("plain-three"), None).await.unwrap();
    end_overlap(w.cx(), &site.id, "ada").await.unwrap();
    end_overlap(w.cx(), &site.id, "ada").await.unwrap();
    let renamed = Changes { name: Some("renamed".into()), ..Changes::default() };
    update(w.cx(), &site.id, renamed).await.unwrap();
    let mut db = w.cx().read().await.unwrap();
    let all = store::events::list(&mut db, &Filter::default(), Page::default()).await.unwrap();
    let told: Vec<_> =
        all.iter().rev().map(|one| (one.event.as_str(), one.payload["actor_id"].as_str())).collect();
    let by = Some("ada");
    let expect =
        [("identity_secret_set", by), ("identity_secret_rotated", by), ("identity_overlap_ended", by)];
    assert_eq!(told, expect);
    for one in &all {
        assert_eq!((one.account_id.as_str(), &one.site_id, &one.resource_id), ("a", &site.id, &site.id));
        assert!(!one.payload.to_string().contains("plain"));
    }
}
