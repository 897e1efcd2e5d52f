use super::{Extent, compare, matrix};
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
    let own = Extent::Where("owner = $user".to_owned());
    assert_eq!(note.operations[0].rows, own);
    let text = note.fields.iter().find(|row| row.field == "text").unwrap();
    assert_eq!((&text.read, &text.create, &text.update), (&own, &own, &Extent::Never));
    assert!(note.fields.iter().all(|row| row.field != "secret"));
}

#[test]
fn differences_tell_what_widens() {
    let (catalog, policy) = world::policy(&app(NARROW));
    let (other, wide) = world::policy(&app(WIDE));
    let (old, new) = (matrix(&catalog, &policy), matrix(&other, &wide));
    let told = |differences: Vec<super::Difference>| -> Vec<String> {
        differences
            .iter()
            .filter(|difference| {
                !["id", "version", "created_at", "updated_at"]
                    .iter()
                    .any(|name| difference.place.ends_with(name))
            })
            .map(|it| format!("{} {}: {} -> {} {}", it.place, it.what, it.old, it.new, it.widens))
            .collect()
    };
    assert_eq!(
        told(compare(&old, &new)),
        [
            "actions read_audit: never -> always true",
            "note create: where owner = $user -> always true",
            "note read: where owner = $user -> always true",
            "note.text read: where owner = $user -> always true",
            "note.text create: where owner = $user -> always true",
            "note.secret read: never -> always true",
        ]
    );
    assert_eq!(
        told(compare(&new, &old)).last().map(String::as_str),
        Some("note.secret read: always -> never false")
    );
    assert!(compare(&new, &new).is_empty());
}
