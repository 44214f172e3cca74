//! The table of contents: one row an operation. The path is the one of the API description, under
//! `/api/v1` unless the row says otherwise; behind the arrow stands the wire shape of the answer.

use crate::Needs::{
    self, Account, Anyone, Build, Deploy, Form, Hook, Log, Operator, Site, Submission, Token,
};
use crate::call::{Call, Outcome};
use crate::router::API_ROOT;
use futures_util::future::BoxFuture;
use http::Method;
use model::Schemas;
use model::Scope::{Admin, Read, Write};
use serde_json::Value;

/// Where a route's path begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mount {
    /// Under `/api/v1`.
    Api,
    /// At the root of the control host.
    Root,
    /// At both.
    Both,
}

/// What an operation answers when it worked.
pub(crate) enum Answers {
    /// One object of this shape.
    One(Shape),
    /// A list of them.
    Many(Shape),
    /// An object of a shape without a name, something else than JSON, or nothing.
    Unsaid,
}

impl Answers {
    pub(crate) fn shape(&self) -> Option<&Shape> {
        match self {
            Self::One(shape) | Self::Many(shape) => Some(shape),
            Self::Unsaid => None,
        }
    }
}

/// A wire shape of `model`.
pub(crate) struct Shape {
    /// Its name there and in the API description.
    pub(crate) name: &'static str,
    /// Refers to its schema.
    pub(crate) refer: fn(&mut Schemas) -> Value,
}

/// One operation.
pub struct Route {
    /// Its name: Netlify's operation id, or one of our own.
    pub id: &'static str,
    /// HTTP method.
    pub method: Method,
    /// Path with the parameter names of the API description.
    pub path: &'static str,
    /// What it needs before it runs.
    pub needs: Needs,
    /// Whether it is Boathook's own rather than Netlify's.
    pub own: bool,
    /// Where the path begins.
    pub mount: Mount,
    /// The wire shape of its answer.
    pub(crate) answers: Answers,
    pub(crate) run: fn(Call) -> BoxFuture<'static, Outcome>,
}

impl Route {
    /// The absolute paths it answers on.
    pub fn paths(&self) -> Vec<String> {
        let api = format!("{API_ROOT}{}", self.path);
        match self.mount {
            Mount::Api => vec![api],
            Mount::Root => vec![self.path.to_owned()],
            Mount::Both => vec![api, self.path.to_owned()],
        }
    }
}

macro_rules! routes {
    ($($method:ident $path:literal $id:literal $kind:ident $needs:expr => $first:ident :: $second:ident $(-> $how:ident $shape:ident)?;)*) => {
        /// Every operation that works.
        pub const ROUTES: &[Route] = &[
            $(Route {
                id: $id,
                method: Method::$method,
                path: $path,
                needs: $needs,
                own: routes!(@own $kind),
                mount: routes!(@mount $kind),
                answers: routes!(@answers $($how $shape)?),
                run: |call| Box::pin(crate::$first::$second::handle(call)),
            },)*
        ];
    };
    (@answers) => { Answers::Unsaid };
    (@answers $how:ident $shape:ident) => {
        Answers::$how(Shape { name: stringify!($shape), refer: Schemas::refer::<model::$shape> })
    };
    (@own netlify) => { false };
    (@own $kind:ident) => { true };
    (@mount root) => { Mount::Root };
    (@mount both) => { Mount::Both };
    (@mount $kind:ident) => { Mount::Api };
}

routes! {
    // sites
    GET "/sites" "listSites" netlify Token(Read) => sites::list_sites -> Many Site;
    POST "/sites" "createSite" netlify Token(Write) => sites::create_site -> One Site;
    GET "/sites/{site_id}" "getSite" netlify Site(Read) => sites::get_site -> One Site;
    PATCH "/sites/{site_id}" "updateSite" netlify Site(Write) => sites::update_site -> One Site;
    PUT "/sites/{site_id}" "replaceSite" own Site(Write) => sites::update_site;
    DELETE "/sites/{site_id}" "deleteSite" netlify Site(Write) => sites::delete_site;
    PUT "/sites/{site_id}/enable" "enableSite" netlify Site(Write) => sites::enable_site;
    PUT "/sites/{site_id}/disable" "disableSite" netlify Site(Write) => sites::disable_site;
    PUT "/sites/{site_id}/unlink_repo" "unlinkSiteRepo" netlify Site(Write) => sites::unlink_site_repo -> One Site;
    GET "/{account_slug}/sites" "listSitesForAccount" netlify Account(Read) => sites::list_sites_for_account -> Many Site;
    POST "/{account_slug}/sites" "createSiteInTeam" netlify Account(Write) => sites::create_site_in_team -> One Site;
    GET "/sites/{site_id}/metadata" "getSiteMetadata" netlify Site(Read) => sites::get_site_metadata;
    PUT "/sites/{site_id}/metadata" "updateSiteMetadata" netlify Site(Write) => sites::update_site_metadata;

    // how a site verifies its visitors
    GET "/sites/{site_id}/identity" "getSiteIdentity" own Site(Read) => identity::get_site_identity;
    POST "/sites/{site_id}/identity/rotate_secret" "rotateSiteIdentitySecret" own Site(Write) => identity::rotate_site_identity_secret;
    DELETE "/sites/{site_id}/identity/previous_secrets" "endSiteIdentityOverlap" own Site(Write) => identity::end_site_identity_overlap;

    // files and functions of the published deploy
    GET "/sites/{site_id}/files" "listSiteFiles" netlify Site(Read) => files::list_site_files -> Many FileEntry;
    GET "/sites/{site_id}/files/{*file_path}" "getSiteFileByPathName" netlify Site(Read) => files::get_site_file_by_path_name -> One FileEntry;
    GET "/sites/{site_id}/functions" "searchSiteFunctions" netlify Site(Read) => functions::search_site_functions;

    // deploys
    GET "/sites/{site_id}/deploys" "listSiteDeploys" netlify Site(Read) => deploys::list_site_deploys -> Many Deploy;
    POST "/sites/{site_id}/deploys" "createSiteDeploy" netlify Site(Write) => deploys::create_site_deploy -> One Deploy;
    GET "/sites/{site_id}/deploys/{deploy_id}" "getSiteDeploy" netlify Deploy(Read) => deploys::get_deploy -> One Deploy;
    PUT "/sites/{site_id}/deploys/{deploy_id}" "updateSiteDeploy" netlify Deploy(Write) => deploys::update_site_deploy -> One Deploy;
    DELETE "/sites/{site_id}/deploys/{deploy_id}" "deleteSiteDeploy" netlify Deploy(Write) => deploys::delete_deploy;
    POST "/sites/{site_id}/deploys/{deploy_id}/restore" "restoreSiteDeploy" netlify Deploy(Write) => deploys::restore_site_deploy -> One Deploy;
    PUT "/sites/{site_id}/rollback" "rollbackSiteDeploy" netlify Site(Write) => deploys::rollback_site_deploy;
    GET "/sites/{site_id}/deployed-branches" "listSiteDeployedBranches" netlify Site(Read) => deploys::list_site_deployed_branches;
    GET "/deploys/{deploy_id}" "getDeploy" netlify Deploy(Read) => deploys::get_deploy -> One Deploy;
    DELETE "/deploys/{deploy_id}" "deleteDeploy" netlify Deploy(Write) => deploys::delete_deploy;
    POST "/deploys/{deploy_id}/cancel" "cancelSiteDeploy" netlify Deploy(Write) => deploys::cancel_site_deploy -> One Deploy;
    POST "/deploys/{deploy_id}/accept" "acceptDeployRequest" own Deploy(Write) => deploys::accept_deploy_request;
    POST "/deploys/{deploy_id}/reject" "rejectDeployRequest" own Deploy(Write) => deploys::reject_deploy_request;
    POST "/deploys/{deploy_id}/lock" "lockDeploy" netlify Deploy(Write) => deploys::lock_deploy -> One Deploy;
    POST "/deploys/{deploy_id}/unlock" "unlockDeploy" netlify Deploy(Write) => deploys::unlock_deploy -> One Deploy;
    PATCH "/deploys/{deploy_id}/validations_report" "updateDeployValidations" netlify Deploy(Write) => deploys::update_deploy_validations;
    PUT "/deploys/{deploy_id}/files/{*path}" "uploadDeployFile" netlify Deploy(Write) => deploys::upload_deploy_file -> One FileEntry;
    POST "/deploys/{deploy_id}/plugin_runs" "createPluginRun" netlify Deploy(Write) => plugin_runs::create_plugin_run;
    GET "/deploys/{deploy_id}/plugin_runs" "listPluginRuns" own Deploy(Read) => plugin_runs::list_plugin_runs;
    GET "/sites/{site_id}/plugin_runs/latest" "getLatestPluginRuns" netlify Site(Read) => plugin_runs::get_latest_plugin_runs;
    PUT "/deploys/{deploy_id}/functions/{name}" "uploadDeployFunction" netlify Deploy(Write) => deploys::upload_deploy_function;
    POST "/purge" "purgeCache" netlify Token(Write) => purge::purge_cache;

    // split tests and snippets
    GET "/sites/{site_id}/traffic_splits" "getSplitTests" netlify Site(Read) => splits::get_split_tests -> Many SplitTest;
    POST "/sites/{site_id}/traffic_splits" "createSplitTest" netlify Site(Write) => splits::create_split_test -> One SplitTest;
    GET "/sites/{site_id}/traffic_splits/{split_test_id}" "getSplitTest" netlify Site(Read) => splits::get_split_test -> One SplitTest;
    PUT "/sites/{site_id}/traffic_splits/{split_test_id}" "updateSplitTest" netlify Site(Write) => splits::update_split_test -> One SplitTest;
    DELETE "/sites/{site_id}/traffic_splits/{split_test_id}" "deleteSplitTest" own Site(Write) => splits::delete_split_test;
    POST "/sites/{site_id}/traffic_splits/{split_test_id}/publish" "enableSplitTest" netlify Site(Write) => splits::enable_split_test;
    POST "/sites/{site_id}/traffic_splits/{split_test_id}/unpublish" "disableSplitTest" netlify Site(Write) => splits::disable_split_test;
    GET "/sites/{site_id}/snippets" "listSiteSnippets" netlify Site(Read) => snippets::list_site_snippets -> Many Snippet;
    POST "/sites/{site_id}/snippets" "createSiteSnippet" netlify Site(Write) => snippets::create_site_snippet -> One Snippet;
    GET "/sites/{site_id}/snippets/{snippet_id}" "getSiteSnippet" netlify Site(Read) => snippets::get_site_snippet -> One Snippet;
    PUT "/sites/{site_id}/snippets/{snippet_id}" "updateSiteSnippet" netlify Site(Write) => snippets::update_site_snippet;
    DELETE "/sites/{site_id}/snippets/{snippet_id}" "deleteSiteSnippet" netlify Site(Write) => snippets::delete_site_snippet;

    // add-ons, and what sites have of them
    GET "/services/" "getServices" netlify Token(Read) => services::get_services;
    GET "/services" "listServices" own Token(Read) => services::get_services;
    POST "/services" "createService" own Token(Write) => services::create_service;
    GET "/services/{addonName}" "showService" netlify Token(Read) => services::show_service;
    PUT "/services/{addonName}" "updateService" own Token(Write) => services::update_service;
    DELETE "/services/{addonName}" "deleteService" own Token(Write) => services::delete_service;
    POST "/services/{addonName}/rotate_secret" "rotateServiceSecret" own Token(Admin) => services::rotate_service_secret;
    GET "/services/{addonName}/manifest" "showServiceManifest" netlify Token(Read) => services::show_service_manifest;
    POST "/services/{addonName}/manifest/refresh" "refreshServiceManifest" own Token(Write) => services::refresh_service_manifest;
    GET "/services/{addonName}/calls" "listServiceCalls" own Token(Read) => services::list_service_calls;
    POST "/services/{addonName}/instances/{uuid}" "reportServiceInstance" own Anyone => services::report_service_instance;
    GET "/sites/{site_id}/service-instances" "listServiceInstancesForSite" netlify Site(Read) => services::list_service_instances_for_site;
    POST "/sites/{site_id}/services/{addon}/instances" "createServiceInstance" netlify Site(Write) => services::create_service_instance;
    GET "/sites/{site_id}/services/{addon}/instances/{instance_id}" "showServiceInstance" netlify Site(Read) => services::show_service_instance;
    PUT "/sites/{site_id}/services/{addon}/instances/{instance_id}" "updateServiceInstance" netlify Site(Write) => services::update_service_instance;
    DELETE "/sites/{site_id}/services/{addon}/instances/{instance_id}" "deleteServiceInstance" netlify Site(Write) => services::delete_service_instance;

    // builds and build hooks
    GET "/sites/{site_id}/builds" "listSiteBuilds" netlify Site(Read) => builds::list_site_builds -> Many Build;
    POST "/sites/{site_id}/builds" "createSiteBuild" netlify Site(Write) => builds::create_site_build -> One Build;
    GET "/builds/{build_id}" "getSiteBuild" netlify Build(Read) => builds::get_site_build -> One Build;
    POST "/builds/{build_id}/log" "updateSiteBuildLog" netlify Build(Write) => builds::update_site_build_log;
    POST "/builds/{build_id}/start" "notifyBuildStart" netlify Build(Write) => builds::notify_build_start;
    POST "/builds/{build_id}/cancel" "cancelBuild" own Build(Write) => builds::cancel_build;
    POST "/builds/{build_id}/retry" "retryBuild" own Build(Write) => builds::retry_build;
    POST "/deploys/{deploy_id}/retry" "retryDeploy" own Deploy(Write) => builds::retry_deploy;
    GET "/sites/{site_id}/builds/status" "getSiteBuildStatus" own Site(Read) => builds::get_site_build_status;
    PUT "/{account_id}/builds/concurrency" "updateAccountBuildConcurrency" own Operator => builds::update_account_build_concurrency;
    GET "/{account_id}/builds/queue" "listAccountBuildQueue" own Account(Read) => builds::list_account_build_queue;
    GET "/builds/{build_id}/log" "getBuildLog" own Log(Read) => builds::get_build_log;
    GET "/builds/{build_id}/log/stream" "followBuildLog" own Log(Read) => builds::follow_build_log;
    GET "/deploys/{deploy_id}/log" "getDeployLog" own Log(Read) => builds::get_deploy_log;
    GET "/api/v1/deploys/{deploy_id}/log" "getDeployLogDoubled" own Log(Read) => builds::get_deploy_log;
    GET "/build/logs" "streamBuildLog" root Anyone => builds::stream_build_log;
    GET "/{account_id}/builds/status" "getAccountBuildStatus" netlify Account(Read) => builds::get_account_build_status;
    GET "/sites/{site_id}/build_hooks" "listSiteBuildHooks" netlify Site(Write) => build_hooks::list_site_build_hooks -> Many BuildHook;
    POST "/sites/{site_id}/build_hooks" "createSiteBuildHook" netlify Site(Write) => build_hooks::create_site_build_hook -> One BuildHook;
    GET "/sites/{site_id}/build_hooks/{id}" "getSiteBuildHook" netlify Site(Write) => build_hooks::get_site_build_hook -> One BuildHook;
    PUT "/sites/{site_id}/build_hooks/{id}" "updateSiteBuildHook" netlify Site(Write) => build_hooks::update_site_build_hook;
    DELETE "/sites/{site_id}/build_hooks/{id}" "deleteSiteBuildHook" netlify Site(Write) => build_hooks::delete_site_build_hook;
    POST "/sites/{site_id}/build_hooks/{id}/rotate" "rotateSiteBuildHook" own Site(Write) => build_hooks::rotate_site_build_hook -> One BuildHook;
    GET "/sites/{site_id}/build_hooks/{id}/calls" "listSiteBuildHookCalls" own Site(Write) => build_hooks::list_site_build_hook_calls -> Many BuildHookCall;
    POST "/build_hooks/{id}" "triggerBuildHook" both Anyone => build_hooks::trigger_build_hook;
    GET "/build_hooks/{id}/calls/{call_id}" "getBuildHookCall" both Anyone => build_hooks::get_build_hook_call -> One BuildHookStatus;

    // what Git hosts tell of a site's repository
    GET "/sites/{site_id}/push_hook" "getSitePushHook" own Site(Read) => pushes::get_site_push_hook;
    POST "/sites/{site_id}/push_hook" "rotateSitePushHook" own Site(Write) => pushes::rotate_site_push_hook;
    GET "/sites/{site_id}/pushes" "listSitePushes" own Site(Read) => pushes::list_site_pushes;
    POST "/hooks/{provider}/{push_id}" "receivePush" root Anyone => pushes::receive_push;

    // hooks, deliveries and the ledger
    GET "/hooks" "listHooksBySiteId" netlify Token(Read) => hooks::list_hooks_by_site_id -> Many Hook;
    POST "/hooks" "createHookBySiteId" netlify Token(Write) => hooks::create_hook_by_site_id -> One Hook;
    GET "/hooks/types" "listHookTypes" netlify Token(Read) => hooks::list_hook_types -> Many HookType;
    GET "/hooks/{hook_id}" "getHook" netlify Hook(Read) => hooks::get_hook -> One Hook;
    PUT "/hooks/{hook_id}" "updateHook" netlify Hook(Write) => hooks::update_hook -> One Hook;
    DELETE "/hooks/{hook_id}" "deleteHook" netlify Hook(Write) => hooks::delete_hook;
    POST "/hooks/{hook_id}/enable" "enableHook" netlify Hook(Write) => hooks::enable_hook -> One Hook;
    POST "/hooks/{hook_id}/rotate" "rotateHookSecret" own Hook(Write) => hooks::rotate_hook_secret;
    GET "/hooks/{hook_id}/listen" "listenToHook" own Hook(Write) => hooks::listen_to_hook;
    GET "/hooks/{hook_id}/deliveries" "listHookDeliveries" own Hook(Read) => deliveries::list_hook_deliveries -> Many Delivery;
    GET "/hooks/{hook_id}/deliveries/{delivery_id}" "getHookDelivery" own Hook(Read) => deliveries::get_hook_delivery;
    POST "/hooks/{hook_id}/deliveries/{delivery_id}/resend" "resendHookDelivery" own Hook(Write) => deliveries::resend_hook_delivery;
    POST "/hooks/{hook_id}/resend" "resendHookDeliveries" own Hook(Write) => deliveries::resend_hook_deliveries;
    POST "/sites/{site_id}/resend" "resendSiteDeliveries" own Site(Write) => deliveries::resend_site_deliveries;
    GET "/events" "listEvents" own Token(Read) => events::list_events -> Many EventRecord;
    GET "/events/{event_id}" "getEvent" own Token(Read) => events::get_event -> One EventRecord;
    POST "/sites/{site_id}/events/{event}/fire" "fireEvent" own Site(Write) => events::fire_event;

    // forms and what was sent with them
    GET "/sites/{site_id}/forms" "listSiteForms" netlify Site(Read) => forms::list_site_forms -> Many Form;
    DELETE "/sites/{site_id}/forms/{form_id}" "deleteSiteForm" netlify Form(Write) => forms::delete_site_form;
    GET "/sites/{site_id}/submissions" "listSiteSubmissions" netlify Site(Read) => submissions::list_site_submissions -> Many Submission;
    GET "/forms/{form_id}/submissions" "listFormSubmissions" netlify Form(Read) => submissions::list_form_submissions -> Many Submission;
    GET "/forms/{form_id}/submissions.csv" "exportFormSubmissions" own Form(Read) => submissions::export_form_submissions;
    GET "/submissions/{submission_id}" "listFormSubmission" netlify Submission(Read) => submissions::list_form_submission -> One Submission;
    DELETE "/submissions/{submission_id}" "deleteSubmission" netlify Submission(Write) => submissions::delete_submission;
    PUT "/submissions/{submission_id}/spam" "markSubmissionSpam" own Submission(Write) => submissions::mark_submission_spam -> One Submission;
    PUT "/submissions/{submission_id}/ham" "markSubmissionHam" own Submission(Write) => submissions::mark_submission_ham -> One Submission;
    GET "/submissions/{submission_id}/files/{field}" "downloadSubmissionFile" own Submission(Read) => submissions::download_submission_file;

    // people
    GET "/user" "getCurrentUser" netlify Token(Read) => users::get_current_user -> One User;
    GET "/tokens" "listTokens" own Token(Read) => tokens::list_tokens -> Many TokenInfo;
    POST "/tokens" "createToken" own Token(Admin) => tokens::create_token;
    DELETE "/tokens/{token_id}" "deleteToken" own Token(Admin) => tokens::delete_token;
    POST "/oauth/tickets" "createTicket" netlify Anyone => tickets::create_ticket -> One Ticket;
    GET "/oauth/tickets/{ticket_id}" "showTicket" netlify Anyone => tickets::show_ticket -> One Ticket;
    POST "/oauth/tickets/{ticket_id}/exchange" "exchangeTicket" netlify Anyone => tickets::exchange_ticket;
    POST "/oauth/tickets/{ticket_id}/authorize" "authorizeTicket" own Token(Write) => tickets::authorize_ticket;
    POST "/oauth/tickets/{ticket_id}/deny" "denyTicket" own Token(Write) => tickets::deny_ticket;

    // accounts and members
    GET "/accounts" "listAccountsForUser" netlify Token(Read) => accounts::list_accounts_for_user -> Many Account;
    POST "/accounts" "createAccount" netlify Token(Admin) => accounts::create_account -> One Account;
    GET "/accounts/types" "listAccountTypesForUser" netlify Token(Read) => accounts::list_account_types_for_user -> Many AccountType;
    GET "/accounts/{account_id}" "getAccount" netlify Account(Read) => accounts::get_account -> One Account;
    PUT "/accounts/{account_id}" "updateAccount" netlify Account(Admin) => accounts::update_account -> One Account;
    DELETE "/accounts/{account_id}" "cancelAccount" netlify Account(Admin) => accounts::cancel_account;
    GET "/accounts/{account_id}/audit" "listAccountAuditEvents" netlify Account(Read) => accounts::list_account_audit_events;
    GET "/{account_slug}/members" "listMembersForAccount" netlify Account(Read) => members::list_members_for_account -> Many Member;
    POST "/{account_slug}/members" "addMemberToAccount" netlify Account(Admin) => members::add_member_to_account -> Many Member;
    GET "/{account_slug}/members/{member_id}" "getAccountMember" netlify Account(Read) => members::get_account_member -> One Member;
    PUT "/{account_slug}/members/{member_id}" "updateAccountMember" netlify Account(Admin) => members::update_account_member -> One Member;
    DELETE "/{account_slug}/members/{member_id}" "removeAccountMember" netlify Account(Admin) => members::remove_account_member;

    // environment variables and deploy keys
    GET "/accounts/{account_id}/env" "getEnvVars" netlify Account(Read) => env::get_env_vars -> Many EnvVar;
    POST "/accounts/{account_id}/env" "createEnvVars" netlify Account(Write) => env::create_env_vars -> Many EnvVar;
    GET "/accounts/{account_id}/env/{key}" "getEnvVar" netlify Account(Read) => env::get_env_var -> One EnvVar;
    PUT "/accounts/{account_id}/env/{key}" "updateEnvVar" netlify Account(Write) => env::update_env_var -> One EnvVar;
    PATCH "/accounts/{account_id}/env/{key}" "setEnvVarValue" netlify Account(Write) => env::set_env_var_value -> One EnvVar;
    DELETE "/accounts/{account_id}/env/{key}" "deleteEnvVar" netlify Account(Write) => env::delete_env_var;
    DELETE "/accounts/{account_id}/env/{key}/value/{id}" "deleteEnvVarValue" netlify Account(Write) => env::delete_env_var_value;
    GET "/api/v1/sites/{site_id}/env" "getSiteEnvVars" netlify Site(Read) => env::get_site_env_vars -> Many EnvVar;
    GET "/sites/{site_id}/env" "getSiteEnv" own Site(Read) => env::get_site_env_vars;
    GET "/deploy_keys" "listDeployKeys" netlify Token(Read) => deploy_keys::list_deploy_keys;
    POST "/deploy_keys" "createDeployKey" netlify Token(Write) => deploy_keys::create_deploy_key;
    GET "/deploy_keys/{key_id}" "getDeployKey" netlify Token(Read) => deploy_keys::get_deploy_key;
    DELETE "/deploy_keys/{key_id}" "deleteDeployKey" netlify Token(Write) => deploy_keys::delete_deploy_key;

    // the server
    GET "/asyncapi.json" "getAsyncApi" root Anyone => system::asyncapi_json;
    GET "/asyncapi.yaml" "getAsyncApiYaml" root Anyone => system::asyncapi_yaml;
    GET "/openapi.json" "getOpenApi" root Anyone => system::openapi_json;
    GET "/client-ca.pem" "getClientCa" root Anyone => system::client_ca;
    GET "/site/{site_id}/integrations/safe" "listInstalledIntegrations" root Anyone => system::installed_integrations;
    GET "/team/{account_id}/integrations/installations/meta/{site_id}" "listInstallationsMeta" root Anyone => system::installed_integrations;
    GET "/integrations" "listIntegrations" root Anyone => system::installed_integrations;
    POST "/telemetry" "discardTelemetry" root Anyone => system::telemetry;
    GET "/healthz" "getHealth" root Anyone => system::health;
}
