use super::{Extent, Way, compare, matrix};
use crate::world;

fn app(rules: &str) -> String {
    format!(
        r"
app: desk
security: prototype
tenant: organisation
default_profile: member
entities:
  organisation: {{access: open, public: false, fields: {{name: {{type: text}}}}}}
  note: {{in: organisation, access: protected, public: false, fields: {{text: {{type: text}}, secret: {{type: text}}}}}}
permission_sets:
  reader:
{rules}
profiles: {{member: {{sets: []}}}}
roles: {{reader: {{sets: [reader]}}}}
"
    )
}

const NARROW: &str = "    - {entity: note, allow: [read, create], read: [text], write: [text]}";
const WIDE: &str = "    - {entity: note, allow: [read, create], records: all, read: [text, secret], write: [text]}\n    - {actions: [read_audit]}";

#[test]
fn extents() {
    let (catalog, policy) = world::policy(&app(NARROW));
    let matrix = matrix(&catalog, &policy);
    let callers: Vec<&str> = matrix.callers.iter().map(|row| row.caller.as_str()).collect();
    assert_eq!(callers, ["profile member", "member without a role", "role reader"]);
    assert!(matrix.callers[0].entities.is_empty(), "nothing outside of a tenant");
    let note = &matrix.callers[2].entities[0];
    let own = Extent::Sometimes(vec![Way {
        rows: Some("owner = $user".to_owned()),
        then: None,
    }]);
    assert_eq!(
        (&note.operations[0].rows, &note.operations[1].rows),
        (&Extent::Always, &own)
    );
    let text = note.fields.iter().find(|row| row.field == "text").unwrap();
    // The owner of a new row is its caller.
    assert_eq!(
        (&text.read, &text.create, &text.update),
        (&own, &Extent::Always, &Extent::Never)
    );
    assert!(note.fields.iter().all(|row| row.field != "secret"));
}

#[test]
fn differences_tell_what_widens() {
    let (catalog, policy) = world::policy(&app(NARROW));
    let (other, wide) = world::policy(&app(WIDE));
    let (old, new) = (matrix(&catalog, &policy), matrix(&other, &wide));
    let told = |differences: Vec<super::Difference>| -> Vec<String> {
        let line = |it: &super::Difference| {
            format!(
                "{} {} {}: {} -> {} {}",
                it.caller, it.place, it.what, it.old, it.new, it.widens
            )
        };
        differences.iter().map(line).collect()
    };
    assert_eq!(
        told(compare(&old, &new)),
        [
            "role reader actions read_audit: never -> always true",
            "role reader note read: where owner = $user -> always true",
            "role reader note.text read: where owner = $user -> always true",
            "role reader note.secret read: never -> always true",
        ]
    );
    assert_eq!(
        told(compare(&new, &old)).last().map(String::as_str),
        Some("role reader note.secret read: always -> never false")
    );
    assert!(compare(&new, &new).is_empty());
}

const SEEN: &str = "    - {entity: note, allow: [read], records: all, read: [text]}\n";

/// The extents of the role's update of `note`, all of which it sees, and of its fields.
fn update(rules: &str) -> Vec<String> {
    let (catalog, policy) = world::policy(&app(&format!("{SEEN}{rules}")));
    let matrix = matrix(&catalog, &policy);
    let note = &matrix.callers[2].entities[0];
    let operation = note.operations.iter().find(|cell| cell.operation.word() == "update");
    let fields = note.fields.iter().filter(|field| !field.update.is_never());
    operation
        .map(|cell| cell.rows.to_string())
        .into_iter()
        .chain(fields.map(|field| format!("{}: {}", field.field, field.update)))
        .collect()
}

#[test]
fn what_a_changed_row_must_be_like_is_told() {
    let check = "    - {entity: note, allow: [update], records: all, write: [text], check: {text: {ne: x}}}";
    assert_eq!(update(check), ["if then text <> \"x\"", "text: if then text <> \"x\""]);
    // What no change can touch is not asked again.
    let kept = "    - {entity: note, allow: [update], records: all, where: {secret: a}, write: [text]}";
    assert_eq!(update(kept), ["where secret = \"a\"", "text: where secret = \"a\""]);
    let settled =
        "    - {entity: note, allow: [update], records: all, write: [text], check: {secret: a, text: {ne: x}}}";
    assert_eq!(update(settled)[0], "where secret = \"a\", if then text <> \"x\"");
    let moved = "    - {entity: note, allow: [update], records: all, where: {text: a}, write: [text]}";
    assert_eq!(update(moved)[0], "where text = \"a\", if then text = \"a\"");
    let any = "    - {entity: note, allow: [update], records: all, where: {text: a}, write: [text], check: any}";
    assert_eq!(update(any)[0], "where text = \"a\"");
    let before = "    - {entity: note, allow: [update], records: all, write: [text], check: {secret: $before.secret}}";
    assert_eq!(update(before)[0], "if then secret = $before.secret");
    // One whole rule must do, so what one asks beforehand is not joined with what another asks afterwards.
    let two = format!("{check}\n    - {{entity: note, allow: [update], write: [secret], check: any}}");
    assert_eq!(
        update(&two),
        [
            "if then text <> \"x\"; or where owner = $user",
            "text: if then text <> \"x\"",
            "secret: where owner = $user"
        ]
    );
}

#[test]
fn what_cannot_be_read_cannot_be_written() {
    let (catalog, policy) = world::policy(&app(
        "    - {entity: note, allow: [update, delete], records: all, write: [text]}",
    ));
    assert!(matrix(&catalog, &policy).callers[2].entities.is_empty());
    let own = app(
        "    - {entity: note, allow: [read], read: [text]}\n    - {entity: note, allow: [update], records: all, write: [text]}",
    );
    let (catalog, policy) = world::policy(&own);
    let note = &matrix(&catalog, &policy).callers[2].entities[0];
    let update = note.operations.iter().find(|cell| cell.operation.word() == "update");
    assert_eq!(
        update.map(|cell| cell.rows.to_string()).as_deref(),
        Some("where owner = $user")
    );
}

#[test]
fn a_check_or_a_wall_that_goes_is_a_difference() {
    let read = |yaml: &str| {
        let (catalog, policy) = world::policy(yaml);
        matrix(&catalog, &policy)
    };
    let rule = "    - {entity: note, allow: [update], records: all, write: [text], check: {text: {ne: x}}}";
    let checked = app(&format!("{SEEN}{rule}"));
    let free = checked.replace("check: {text: {ne: x}}", "check: any");
    let differences = compare(&read(&checked), &read(&free));
    assert!(
        differences.len() == 2 && differences.iter().all(|it| it.widens),
        "{differences:#?}"
    );
    let shared = checked.replace("in: organisation, ", "");
    let widened = compare(&read(&checked), &read(&shared));
    assert_eq!(
        (widened[0].what.as_str(), widened[0].widens),
        ("reach", true),
        "{widened:#?}"
    );
    let narrowed = compare(&read(&shared), &read(&checked));
    assert_eq!(
        (narrowed[0].what.as_str(), narrowed[0].widens),
        ("reach", false),
        "{narrowed:#?}"
    );
}
