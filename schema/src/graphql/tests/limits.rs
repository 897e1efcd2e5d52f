//! Bombs, and what is refused for its size.

use super::{fixture, prepare, told};
use crate::graphql::{RequestError, RequestText, RoleSchema};
use freehold_base::{Code, Limits};
use serde_json::Map;
use std::fmt::Write;

fn refused(schema: &RoleSchema, query: &str) -> RequestError {
    prepare(schema, query).unwrap_err().remove(0)
}

#[test]
fn nesting_bombs_do_not_reach_the_parser() {
    let schema = fixture::everything();
    for bomb in ["{a", "{", "[", "(", "{a(b:[", "{a(b:{c:", "{...{", "query($a:["] {
        let error = refused(&schema, &bomb.repeat(100_000));
        assert_eq!(error.code, Code::LimitExceeded, "{bomb}");
        assert_eq!(error.extensions["limit"], 64);
    }
}

#[test]
fn nesting_just_within_the_limit_is_walked_safely() {
    let schema = fixture::everything();
    let inline = format!("{{ {} __typename {} }}", "... {".repeat(63), "}".repeat(63));
    assert_eq!(told(&prepare(&schema, &inline)), "ok");
    let value = format!(
        "{{ tickets(filter: {{extra: {{eq: {}1{} }}}}) {{ totalCount }} }}",
        "[".repeat(60),
        "]".repeat(60)
    );
    assert_eq!(told(&prepare(&schema, &value)), "ok");
}

#[test]
fn fragments_that_double_are_measured_without_writing_them_out() {
    let schema = fixture::everything();
    let mut query = "{ ...F0 }".to_owned();
    for step in 0..40 {
        write!(
            query,
            " fragment F{step} on Query {{ ...F{next} ...F{next} }}",
            next = step + 1
        )
        .unwrap();
    }
    query.push_str(" fragment F40 on Query { viewer { roles } }");
    let error = refused(&schema, &query);
    assert_eq!(
        (error.code, error.message.as_str()),
        (
            Code::LimitExceeded,
            "the number of fields is 2199023255552, more than 20000"
        )
    );
}

#[test]
fn long_chains_and_long_cycles_of_fragments_end() {
    let schema = fixture::everything();
    let chain = |last: &str| {
        let mut query = "{ ...F0 }".to_owned();
        for step in 0..2000 {
            write!(query, " fragment F{step} on Query {{ ...F{} }}", step + 1).unwrap();
        }
        query + " fragment F2000 on Query { " + last + " }"
    };
    assert_eq!(refused(&schema, &chain("viewer { roles }")).code, Code::LimitExceeded);
    assert_eq!(refused(&schema, &chain("...F0")).code, Code::GraphqlValidationFailed);
}

#[test]
fn depth_counts_fields_through_fragments() {
    let schema = fixture::everything();
    let limits = Limits {
        depth_max: 4,
        ..Limits::default()
    };
    let with = |query: &str| {
        let variables = Map::new();
        let result = schema.prepare(
            &RequestText {
                query,
                operation_name: None,
                variables: &variables,
            },
            &limits,
        );
        told(&result)
    };
    assert_eq!(with("{ tickets { nodes { team { name } } } }"), "ok");
    assert_eq!(
        with(
            "{ tickets { ...A } } fragment A on TicketConnection { nodes { ... on Ticket { team { lead { name } } } } }"
        ),
        "LIMIT_EXCEEDED the depth is 5, more than 4"
    );
    assert_eq!(
        with("{ __schema { types { fields { type { ofType { ofType { ofType { name } } } } } } } }"),
        "ok"
    );
}

#[test]
fn introspection_has_bounds_of_its_own() {
    let schema = fixture::everything();
    let deep = format!(
        "{{ __schema {{ queryType {{ {} name {} }} }} }}",
        "ofType {".repeat(20),
        "}".repeat(20)
    );
    assert_eq!(
        told(&prepare(&schema, &deep)),
        "LIMIT_EXCEEDED the introspection depth is 22, more than 20"
    );
    let lists = "{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }";
    assert_eq!(
        told(&prepare(&schema, lists)),
        "LIMIT_EXCEEDED the introspection nesting of lists is 3, more than 2"
    );
    let mut wide = "{ __schema { ".to_owned();
    for index in 0..20 {
        write!(wide, "t{index}: types {{ fields {{ name }} }} ").unwrap();
    }
    wide.push_str("} }");
    assert_eq!(
        told(&prepare(&schema, &wide)),
        "LIMIT_EXCEEDED the number of introspection aliases is 20, more than 10"
    );
}

#[test]
fn aliases_root_fields_and_directives_are_counted() {
    let schema = fixture::everything();
    let repeat = |part: &dyn Fn(usize) -> String| (0..51).map(part).collect::<String>();
    let roots = format!("{{ {} }}", repeat(&|_| "__typename ".to_owned()));
    assert_eq!(
        told(&prepare(&schema, &roots)),
        "LIMIT_EXCEEDED the number of root fields is 51, more than 50"
    );
    let aliases = format!("{{ viewer {{ {} }} }}", repeat(&|index| format!("a{index}: roles ")));
    assert_eq!(
        told(&prepare(&schema, &aliases)),
        "LIMIT_EXCEEDED the number of aliases is 51, more than 50"
    );
    let directives = format!("{{ __typename {} }}", "@skip(if: false) ".repeat(21));
    assert_eq!(
        told(&prepare(&schema, &directives)),
        "LIMIT_EXCEEDED the number of directives is 21, more than 20"
    );
}

#[test]
fn many_equal_fields_are_compared_in_time() {
    let schema = fixture::everything();
    let query = format!("{{ viewer {{ {} }} }}", "roles ".repeat(19_000));
    assert_eq!(told(&prepare(&schema, &query)), "ok");
}

#[test]
fn a_limit_tells_its_numbers() {
    let schema = fixture::everything();
    let error = refused(&schema, &format!("{{ {}", "a ".repeat(30_000))).to_json();
    assert_eq!(error["extensions"]["code"], "LIMIT_EXCEEDED");
    assert_eq!(
        (&error["extensions"]["limit"], &error["extensions"]["found"]),
        (&20_000.into(), &20_001.into())
    );
}
