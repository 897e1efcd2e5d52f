//! The answer to a root field `auditLog`.

use super::chain_of;
use crate::bundle::Bundle;
use crate::environments::Environment;
use crate::error::Refusal;
use freehold_base::{Caller, Code, Limits, RowId, Timestamp, Value, parse_datetime, write_datetime};
use freehold_planner::{PlanError, Problem};
use freehold_schema::graphql::operation::{Field, Input, InputKind, collect};
use freehold_storage::audit::{AuditChain, AuditFilter, AuditKind, AuditRecord};
use serde_json::{Value as Json, json};

/// Which page of which records.
#[derive(Debug, PartialEq, Eq)]
struct Asked {
    filter: AuditFilter,
    limit: u32,
    after: Option<i64>,
}

/// The answer to a root field `auditLog`, with every field of its type that is selected or costs nothing. The schema has the field
/// for those alone who hold `read_audit` in the request's tenant, and it tells of that tenant alone.
///
/// # Errors
/// `BAD_USER_INPUT` and `LIMIT_EXCEEDED` for arguments, and whatever keeps the database from answering.
pub(crate) async fn answer(
    environment: &Environment,
    bundle: &Bundle,
    caller: &Caller,
    field: &Field,
) -> Result<Json, Refusal> {
    if bundle.catalog.tenancy.is_some() && !caller.is_member() {
        // The action counts for members alone, so there is no such field then.
        return Err(Refusal::new(
            Code::Forbidden,
            "the audit log of a tenant is for its members",
        ));
    }
    let chain = chain_of(caller);
    let binding = binding(chain);
    let open = |cursor: &str| match environment.sealer.open(&binding, cursor)?.as_slice() {
        [Value::Int(seq)] => Some(*seq),
        _ => None,
    };
    let asked = read(field, &bundle.catalog.limits, &open)?;
    // What this server has heard of before is there, although nobody waited for it.
    environment.recorder.flush().await;
    let selected = collect(&field.items, "AuditConnection", &|_, _| false);
    let selects = |names: &[&str]| selected.iter().any(|part| names.contains(&part.name.as_str()));

    let mut answer = json!({});
    if selects(&["nodes", "edges", "pageInfo"]) {
        let page = environment
            .database
            .audit_page(chain, &asked.filter, asked.after, asked.limit + 1);
        let mut records = page.await?;
        let more = records.len() > asked.limit as usize;
        records.truncate(asked.limit as usize);
        let cursor = |record: &AuditRecord| environment.sealer.seal(&binding, &[Value::Int(record.seq)]);
        let nodes: Vec<Json> = records.iter().map(entry).collect();
        let edges = records.iter().zip(&nodes);
        answer["edges"] = edges
            .map(|(record, node)| json!({ "cursor": cursor(record), "node": node }))
            .collect();
        answer["nodes"] = Json::Array(nodes);
        answer["pageInfo"] = json!({
            "hasNextPage": more,
            "hasPreviousPage": asked.after.is_some(),
            "startCursor": records.first().map(cursor),
            "endCursor": records.last().map(cursor),
        });
    }
    if selects(&["totalCount"]) {
        answer["totalCount"] = json!(environment.database.audit_count(chain, &asked.filter).await?);
    }
    Ok(answer)
}

fn entry(record: &AuditRecord) -> Json {
    let mut at = Vec::new();
    write_datetime(&mut at, record.at.0);
    json!({
        "seq": record.seq,
        "at": String::from_utf8_lossy(&at),
        "kind": record.kind().map(|kind| kind.name().to_uppercase()),
        "user": record.user().map(|user| user.to_string()),
        "entity": record.entity(),
        "rowId": record.row().map(|row| row.to_string()),
        "detail": record.detail(),
        "requestId": record.request(),
        "hash": record.hash.map(|hash| hash.to_string()).unwrap_or_default(),
    })
}

/// Binds a cursor to its chain.
fn binding(chain: AuditChain) -> Vec<u8> {
    let mut binding = b"auditLog ".to_vec();
    binding.extend_from_slice(&chain.id().bytes());
    binding
}

/// The arguments.
fn read(field: &Field, limits: &Limits, open: &dyn Fn(&str) -> Option<i64>) -> Result<Asked, Refusal> {
    let mut problems = Vec::new();
    let given = |name: &str| field.argument(name).filter(|input| !input.is_null());
    let mut wrong = |name: &str, rule: &'static str, message: &str| {
        problems.push(Problem {
            path: vec![name.into()],
            rule,
            message: message.to_owned(),
        });
    };
    let words = |input: &Input| match input.kind() {
        InputKind::Text(text) => Some(text.clone()),
        _ => None,
    };

    let mut limit = limits.page_default.min(limits.page_max);
    if let Some(input) = given("first") {
        let number = match input.kind() {
            InputKind::Number(number) => number.as_u64().and_then(|number| u32::try_from(number).ok()),
            _ => None,
        };
        match number {
            Some(number) => limit = number,
            None => wrong("first", "range", "a number of records, 0 or more, expected"),
        }
    }
    let mut after = None;
    if let Some(input) = given("after") {
        after = words(input).and_then(|cursor| open(&cursor));
        if after.is_none() {
            wrong("after", "cursor", "a cursor of this list expected");
        }
    }
    let mut filter = AuditFilter::default();
    if let Some(input) = given("kind") {
        let items = match input.kind() {
            InputKind::List(items) => items.as_slice(),
            _ => std::slice::from_ref(input),
        };
        filter.kinds = items
            .iter()
            .filter_map(|item| AuditKind::parse(&words(item)?))
            .collect();
        if items.is_empty() || filter.kinds.len() < items.len() {
            wrong("kind", "type", "one kind or several expected");
        }
        filter.kinds.sort_unstable();
        filter.kinds.dedup();
    }
    if let Some(input) = given("user") {
        filter.user = words(input).and_then(|text| RowId::parse(&text));
        if filter.user.is_none() {
            wrong("user", "type", "an id (UUID) expected");
        }
    }
    let mut moment = |name: &str| {
        let input = given(name)?;
        let moment = words(input).and_then(|text| parse_datetime(&text)).map(Timestamp);
        if moment.is_none() {
            wrong(name, "type", "an instant, RFC 3339, expected");
        }
        moment
    };
    (filter.since, filter.until) = (moment("since"), moment("until"));

    let refuse = |code: Code, message: String, problems: Vec<Problem>, limit: Option<(u64, u64)>| {
        Refusal::from(vec![PlanError {
            code,
            message,
            position: Some(field.position),
            path: vec![field.key.clone()],
            problems,
            limit,
        }])
    };
    if let Some(first) = problems.first() {
        let place = first.path.iter().filter_map(Json::as_str).collect::<Vec<_>>().join(".");
        let message = format!("`{place}`: {}", first.message);
        return Err(refuse(Code::BadUserInput, message, problems, None));
    }
    if limit > limits.page_max {
        let most = limits.page_max;
        let message = format!(
            "a page has at most {most} records, {limit} were asked for; use `after` with `pageInfo.endCursor` to go on"
        );
        let limit = Some((u64::from(most), u64::from(limit)));
        return Err(refuse(Code::LimitExceeded, message, Vec::new(), limit));
    }
    Ok(Asked { filter, limit, after })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(arguments: Vec<(&str, InputKind)>) -> Result<Asked, (Code, String)> {
        let field = Field {
            key: "auditLog".to_owned(),
            name: "auditLog".to_owned(),
            arguments: arguments
                .into_iter()
                .map(|(name, kind)| (name.to_owned(), Input::literal(kind)))
                .collect(),
            items: Vec::new(),
            position: (1, 1),
        };
        let open = |cursor: &str| cursor.parse().ok();
        read(&field, &Limits::default(), &open)
            .map_err(|refusal| (refusal.code(), String::from_utf8(refusal.body("r")).unwrap()))
    }

    #[test]
    fn arguments() {
        let text = |text: &str| InputKind::Text(text.to_owned());
        let number = |number: i64| InputKind::Number(number.into());
        let list = |kinds: &[&str]| InputKind::List(kinds.iter().map(|kind| Input::literal(text(kind))).collect());
        let plain = asked(vec![("first", InputKind::Null), ("user", InputKind::Null)]).unwrap();
        assert_eq!(
            (plain.limit, plain.after, plain.filter),
            (30, None, AuditFilter::default())
        );
        let id = "01930000-0000-8001-8000-000000000001";
        let full = asked(vec![
            ("first", number(5)),
            ("after", text("17")),
            ("kind", list(&["SIGN_IN", "ALERT", "SIGN_IN"])),
            ("user", text(id)),
            ("since", text("1970-01-01T00:00:01Z")),
            ("until", text("1970-01-01T00:00:02Z")),
        ])
        .unwrap();
        assert_eq!((full.limit, full.after), (5, Some(17)));
        assert_eq!(
            full.filter,
            AuditFilter {
                kinds: vec![AuditKind::SignIn, AuditKind::Alert],
                user: RowId::parse(id),
                since: Some(Timestamp(1_000_000)),
                until: Some(Timestamp(2_000_000)),
            }
        );
        for (name, kind) in [
            ("first", number(-1)),
            ("after", text("no")),
            ("kind", list(&[])),
            ("user", text("ann")),
            ("since", text("now")),
            ("until", text("2026-01-01")),
        ] {
            let (code, body) = asked(vec![(name, kind)]).unwrap_err();
            assert_eq!(code, Code::BadUserInput, "{name}");
            assert!(body.contains(&format!("\"path\":[\"{name}\"]")), "{body}");
        }
        assert_eq!(asked(vec![("first", number(201))]).unwrap_err().0, Code::LimitExceeded);
    }

    #[test]
    fn graphql_and_the_log_have_the_same_kinds() {
        use crate::bundle::compile;
        use freehold_policy::RoleSet;
        use freehold_schema::source::{SourceFile, Sources};
        let text = "app: t\nsecurity: prototype\ndefault_profile: reader\nprofiles: {reader: {sets: [audit]}}\n\
                    permission_sets: {audit: [{actions: [read_audit]}]}\nentities: {thing: {access: open, public: false}}\n";
        let sources = Sources::new(vec![SourceFile {
            name: "app.yaml".into(),
            text: text.into(),
        }]);
        let compiled = compile(&sources);
        let (catalog, policy) = compiled.sound.unwrap_or_else(|| panic!("{:?}", compiled.diagnostics));
        let role_set = RoleSet {
            profile: Some("reader".to_owned()),
            roles: Vec::new(),
            signed_in: true,
            member: true,
            reads_only: false,
        };
        let sdl = Bundle::new(catalog, policy).view(&role_set).schema.sdl();
        let begin = sdl.find("enum AuditKind {").expect("the enum");
        let end = begin + sdl[begin..].find('}').expect("its end");
        let kinds: Vec<Option<AuditKind>> = sdl[begin..end]
            .lines()
            .skip(1)
            .map(|line| AuditKind::parse(line.trim()))
            .collect();
        assert_eq!(kinds, AuditKind::ALL.map(Some));
    }
}
