//! The numbered rules of the contract of add-ons that this crate and its doors hold, and the test of
//! each. A rule whose test is renamed or taken away is missed here.

use std::collections::BTreeSet;
use std::path::Path;

/// Rules and their test.
const RULES: &[(&str, &str)] = &[
    ("R1 R2 R3", "every_addon_gets_a_long_secret_of_its_own"),
    ("R4 R5", "a_slug_is_unique_well_formed_and_free"),
    ("R5", "malformed_and_reserved_slugs_are_refused"),
    ("R6 R7", "the_list_shows_services_and_narrows"),
    ("R6 R9", "no_read_discloses_a_secret"),
    ("R7 R8 R10", "addons_are_seen_by_those_who_may_use_them"),
    ("R10", "the_commands_of_the_command_line"),
    ("J1 J7 J8 J12 J13", "every_call_carries_both_proofs"),
    ("J1", "the_operations_of_the_api_client"),
    ("J2 J4 J5 J6 J13", "claims_say_what_the_call_is_about"),
    ("J3", "the_life_of_a_token_is_one_that_all_libraries_take"),
    ("J9", "every_token_is_one_that_other_libraries_take"),
    ("J10 J11", "the_commands_of_the_command_line"),
    ("J12", "a_creation_says_everything_once"),
    ("M1 M2 M3", "a_manifest_is_relayed_to_the_letter_and_kept_for_a_day"),
    ("M3", "authors_can_have_it_asked_for_anew"),
    ("M4 M5", "what_is_no_manifest_is_an_error_and_not_kept"),
    ("M6", "a_provider_without_the_path_is_asked_at_its_root"),
    ("P1 P2 P3 P4 P5 P6 P7 P8 P9 P10 P17 P18", "a_creation_says_everything_once"),
    ("P6", "a_key_of_the_user_displaces_nothing"),
    ("P11", "builds_see_the_variables_of_addons"),
    ("P12", "a_creation_answers_with_the_whole_instance"),
    ("P13 P14", "a_message_is_shown_and_not_kept"),
    ("P15", "a_second_creation_is_refused_before_the_provider"),
    ("P16", "addons_are_seen_by_those_who_may_use_them"),
    ("P19", "secrets_of_two_addons_open_nothing_of_each_other"),
    ("P20", "any_text_is_an_id"),
    ("P20", "ids_are_one_segment_of_the_path"),
    ("P21", "of_two_who_ask_at_once_the_provider_hears_one"),
    ("F1 F2 F3 F4 F5 F6 F7 F8 F9 F10 F13 F14", "a_creation_that_fails_leaves_nothing"),
    ("F3", "what_should_not_have_been_made_is_removed_once"),
    ("F8", "redirects_do_not_carry_the_secret_away"),
    ("F11 F12", "a_creation_that_takes_too_long_leaves_nothing"),
    ("F15", "two_seconds_are_waited_for"),
    ("G1 G5", "the_list_asks_nobody_and_keeps_its_order"),
    ("G2", "showing_takes_over_what_the_provider_says"),
    ("G2", "showing_falls_back_on_what_is_kept"),
    ("G3", "instances_of_other_sites_are_not_found"),
    ("G4", "anonymous_callers_get_nowhere"),
    ("G5", "a_hanging_provider_hangs_nobody_else"),
    ("G6", "the_operations_of_the_api_client"),
    ("U1 U2", "every_call_carries_both_proofs"),
    ("U3", "a_site_is_given_an_addon"),
    ("U4 U5 U6 U10 U11 U13", "each_field_of_the_answer_replaces_the_one_that_was"),
    ("U7 U8 U9", "a_change_that_fails_changes_nothing"),
    ("U12", "an_unknown_instance_is_not_found_and_nobody_is_asked"),
    ("D1 D2 D3", "an_instance_stays_unless_the_provider_agrees"),
    ("D4", "what_the_provider_does_not_know_is_gone"),
    ("D5", "every_call_carries_both_proofs"),
    ("D6 D10", "a_site_is_given_an_addon"),
    ("D7 D10", "a_removal_takes_everything_along"),
    ("D8", "changes_of_an_instance_count_at_once"),
    ("D11", "an_instance_can_be_made_anew"),
    ("S1 S2 S3 S4 S5", "links_are_fresh_and_short_lived"),
    ("X1 X2 X3 X27", "the_rest_of_the_path_goes_to_the_endpoint"),
    ("X4 X5", "every_method_arrives_with_its_body"),
    ("X6 X7 X8 X9 X10 X11 X12", "the_platform_vouches_for_the_instance"),
    ("X6", "any_id_can_be_sent"),
    ("X7", "signatures_stay_fresh"),
    ("X13 X14 X15 X16 X18 X19", "the_answer_is_the_providers"),
    ("X17", "cookies_of_the_site_stay_here"),
    ("X20", "events_are_not_held_back"),
    ("X20 X21", "bodies_of_addons_stream_both_ways"),
    ("X22 X23 X24", "paths_do_not_leave_the_endpoint"),
    ("X24", "changes_of_an_instance_count_at_once"),
    ("X25 X26", "a_bad_provider_costs_a_page"),
    ("X28", "what_vouches_for_visitors_is_what_other_libraries_take"),
    ("T1 T2 T3 T4 T12", "a_visitors_token_is_signed_for_the_provider"),
    ("T5 T6 T7 T8 T9 T10 T11", "other_credentials_pass_as_they_are"),
    ("D9 N12 N13 N14", "a_change_of_an_instance_is_seen_at_once"),
    ("N1 N4 N5 N11 N15", "addon_snippets_stand_where_they_belong"),
    ("N2 N7 N8", "forms_of_a_page_agree_on_addon_snippets"),
    ("N3 N6 N9", "addon_snippets_are_in_pages_and_in_nothing_else"),
    ("N10", "addon_snippets_follow_those_of_the_site"),
    ("E1", "values_become_texts_and_nulls_go"),
    ("E2", "builds_see_the_variables_of_addons"),
    ("E2", "variables_of_addons_are_listed_and_read_only"),
];

/// Letters of the rules and how many there are of each.
const FAMILIES: [(&str, usize); 13] = [
    ("R", 10),
    ("J", 13),
    ("M", 6),
    ("P", 21),
    ("F", 15),
    ("G", 6),
    ("U", 13),
    ("D", 11),
    ("S", 5),
    ("X", 28),
    ("T", 12),
    ("N", 15),
    ("E", 2),
];

fn sources(folder: &Path, out: &mut String) {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    for path in entries.map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            sources(&path, out);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            out.push_str(&std::fs::read_to_string(&path).unwrap());
        }
    }
}

#[test]
fn every_rule_has_its_test() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut text = String::new();
    for folder in ["src", "../../tests/flows/tests", "../../tests/clients/tests"] {
        sources(&root.join(folder), &mut text);
    }
    for (rules, test) in RULES {
        assert!(text.contains(&format!("fn {test}(")), "the test {test} of {rules} is not there");
    }
    let held: BTreeSet<&str> = RULES.iter().flat_map(|(rules, _)| rules.split(' ')).collect();
    for (letter, count) in FAMILIES {
        for rule in (1..=count).map(|number| format!("{letter}{number}")) {
            assert!(held.contains(rule.as_str()), "{rule} has no test");
        }
    }
}
