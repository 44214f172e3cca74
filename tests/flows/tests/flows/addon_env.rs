//! Variables that add-ons hand out, as clients list them: `netlify dev` sees what builds see.

use crate::addons::register;
use crate::support::{id, text};
use serde_json::{Value, json};
use testbed::{Came, Scripted, Turn};
use testkit::{Actor, both};

async fn provider() -> Scripted {
    Scripted::start(|came: &Came| match came.method.as_str() {
        "POST" => Turn::Json(
            201,
            json!({ "id": "r", "env": {
                "DEMO_KEY": "a-long-value-of-the-addon", "OWN": "add-on", "NUMBER": 3, "NOTHING": null,
                "NODE_OPTIONS": "--evil", "PATH": "/evil", "LD_PRELOAD": "evil.so", "URL": "https://evil.example",
                "BRANCH": "evil", "INCOMING_HOOK_BODY": "evil", "NETLIFY": "false",
            } }),
        ),
        "DELETE" => Turn::Empty(204),
        _ => Turn::Json(200, json!({ "name": "Demo" })),
    })
    .await
}

/// `KEY=value(add-on)` of each variable, with the first value.
async fn listed(caller: &Actor, path: &str) -> Vec<String> {
    let list = caller.get(path).await.expect(200).json();
    let line = |var: &Value| {
        let by = var["service_slug"].as_str().map(|slug| format!("({slug})")).unwrap_or_default();
        format!("{}={}{by}", text(var, "key"), text(&var["values"][0], "value"))
    };
    list.as_array().expect("a list").iter().map(line).collect()
}

both! {
    /// They are listed with the site's own, which go before them, and are nobody's to change.
    async fn variables_of_addons_are_listed_and_read_only(p: Platform) {
        let (owner, provider) = (p.owner(), provider().await);
        register(&owner, "demo", &provider).await;
        let site = owner.create_site("harbour").await;
        let account = text(&site, "account_id").to_owned();
        let env = format!("/accounts/{account}/env");
        let (of_site, key) = (format!("{env}?site_id={}", id(&site)), |key: &str| format!("{env}/{key}?site_id={}", id(&site)));
        let own = json!([{ "key": "OWN", "values": [{ "context": "production", "value": "site" }] }]);
        owner.post(&of_site, own).await.expect(201);
        let all = format!("/sites/{}/services/demo/instances", id(&site));
        let one = format!("{all}/{}", id(&owner.post(&all, json!({})).await.expect(201).json()));

        let shown = ["DEMO_KEY=a-long-value-of-the-addon(demo)", "NUMBER=3(demo)", "OWN=site"];
        for path in [of_site.clone(), format!("/sites/{}/env", id(&site)), format!("{env}?site_id=harbour")] {
            assert_eq!(listed(&owner, &path).await, shown, "{path}");
        }
        assert_eq!(listed(&owner, &format!("{of_site}&context_name=dev")).await[2], "OWN=add-on(demo)");
        assert_eq!(listed(&owner, &format!("{of_site}&scope=functions")).await, shown);
        assert_eq!(listed(&owner, &format!("{of_site}&scope=post_processing")).await, ["OWN=site"]);
        assert!(listed(&owner, &env).await.is_empty(), "an account has no add-ons");
        let entry = owner.get(&key("DEMO_KEY")).await.expect(200).json();
        assert_eq!((&entry["service_slug"], &entry["is_secret"]), (&json!("demo"), &json!(false)));
        assert_eq!(entry["scopes"], json!(["builds", "functions", "runtime"]));
        let masked = listed(&p.reader().await, &of_site).await;
        assert!(masked[0].starts_with("DEMO_KEY=****") && !masked[0].contains("a-long-value"), "{masked:?}");
        p.outsider().await.get(&of_site).await.refusal(404);

        let said = owner.delete(&key("DEMO_KEY")).await.refusal(422);
        assert!(said.contains("add-on demo"), "{said}");
        let value = text(&entry["values"][0], "id").to_owned();
        owner.delete(&format!("{env}/DEMO_KEY/value/{value}?site_id={}", id(&site))).await.refusal(422);
        owner.delete(&key("OTHER")).await.refusal(404);
        owner.put(&key("OTHER"), json!({})).await.refusal(404);

        let over = json!({ "key": "NUMBER", "values": [{ "context": "all", "value": "4" }] });
        owner.put(&key("NUMBER"), over).await.expect(200);
        owner.patch(&key("DEMO_KEY"), json!({ "context": "production", "value": "mine" })).await.expect(201);
        assert_eq!(listed(&owner, &of_site).await, ["DEMO_KEY=mine", "NUMBER=4", "OWN=site"]);
        let dev = listed(&owner, &format!("{of_site}&context_name=dev")).await;
        assert_eq!(dev, ["DEMO_KEY=a-long-value-of-the-addon(demo)", "NUMBER=4", "OWN=add-on(demo)"]);
        for name in ["NUMBER", "DEMO_KEY"] {
            owner.delete(&key(name)).await.expect(204);
        }
        assert_eq!(listed(&owner, &of_site).await, shown, "what was under it is there again");
        owner.delete(&one).await.expect(204);
        assert_eq!(listed(&owner, &of_site).await, ["OWN=site"]);
        owner.get(&key("DEMO_KEY")).await.refusal(404);
    }
}
