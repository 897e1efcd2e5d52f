//! The schema definition language: what `freehold schema` prints and tools read.
//!
//! Our own printer, because async-graphql's leaves quotes in descriptions and reasons unescaped.

use super::type_system::{InputField, OutputField, QUERY, Text, TypeDef, TypeKind, TypeSystem};
use indexmap::IndexMap;
use std::fmt::Write;

/// Scalars of the language itself, which no schema definition repeats.
pub(crate) const BUILT_IN_SCALARS: [&str; 5] = ["Boolean", "Float", "ID", "Int", "String"];

/// The whole schema: roots first, then types by name.
pub(crate) fn print(system: &TypeSystem) -> String {
    let mut out = String::new();
    let roots: Vec<&str> = [Some(QUERY), system.mutation.as_deref(), system.subscription.as_deref()].into_iter().flatten().collect();
    let rest = system.types.keys().map(String::as_str).filter(|name| !roots.contains(name) && !BUILT_IN_SCALARS.contains(name));
    for name in roots.iter().copied().chain(rest) {
        if let Some(def) = system.types.get(name) {
            if !out.is_empty() {
                out.push('\n');
            }
            print_type(&mut out, name, def);
        }
    }
    out
}

fn print_type(out: &mut String, name: &str, def: &TypeDef) {
    print_description(out, "", def.description.as_deref());
    match &def.kind {
        TypeKind::Scalar { specified_by } => {
            out.push_str(&format!("scalar {name}"));
            if let Some(url) = specified_by {
                out.push_str(&format!(" @specifiedBy(url: {})", quoted(url)));
            }
            out.push('\n');
        }
        TypeKind::Object { implements, fields } => {
            let implements = if implements.is_empty() { String::new() } else { format!(" implements {}", implements.join(" & ")) };
            out.push_str(&format!("type {name}{implements} {{\n"));
            print_fields(out, fields);
            out.push_str("}\n");
        }
        TypeKind::Interface { fields, .. } => {
            out.push_str(&format!("interface {name} {{\n"));
            print_fields(out, fields);
            out.push_str("}\n");
        }
        TypeKind::Union { possible } => out.push_str(&format!("union {name} = {}\n", possible.join(" | "))),
        TypeKind::Enum { values } => {
            out.push_str(&format!("enum {name} {{\n"));
            for value in values {
                out.push_str(&format!("  {value}\n"));
            }
            out.push_str("}\n");
        }
        TypeKind::Input { fields } => {
            out.push_str(&format!("input {name} {{\n"));
            for (name, field) in fields {
                print_description(out, "  ", field.description.as_deref());
                out.push_str(&format!("  {}\n", input(name, field)));
            }
            out.push_str("}\n");
        }
    }
}

fn print_fields(out: &mut String, fields: &IndexMap<Text, OutputField>) {
    for (name, field) in fields {
        print_description(out, "  ", field.description.as_deref());
        out.push_str(&format!("  {name}"));
        print_arguments(out, &field.arguments);
        out.push_str(&format!(": {}{}\n", field.type_ref, deprecated(field.deprecated.as_deref())));
    }
}

fn print_arguments(out: &mut String, arguments: &IndexMap<Text, InputField>) {
    if arguments.is_empty() {
        return;
    }
    if arguments.values().all(|argument| argument.description.is_none()) {
        let arguments: Vec<String> = arguments.iter().map(|(name, argument)| input(name, argument)).collect();
        out.push_str(&format!("({})", arguments.join(", ")));
        return;
    }
    out.push_str("(\n");
    for (name, argument) in arguments {
        print_description(out, "    ", argument.description.as_deref());
        out.push_str(&format!("    {}\n", input(name, argument)));
    }
    out.push_str("  )");
}

fn input(name: &str, field: &InputField) -> String {
    let default = field.default.as_ref().map(|default| format!(" = {default}")).unwrap_or_default();
    format!("{name}: {}{default}{}", field.type_ref, deprecated(field.deprecated.as_deref()))
}

fn deprecated(reason: Option<&str>) -> String {
    reason.map(|reason| format!(" @deprecated(reason: {})", quoted(reason))).unwrap_or_default()
}

fn print_description(out: &mut String, indent: &str, description: Option<&str>) {
    let Some(description) = description else { return };
    if description.contains('\n') {
        out.push_str(&format!("{indent}\"\"\"\n"));
        for line in description.replace("\"\"\"", "\\\"\"\"").lines() {
            out.push_str(if line.is_empty() { "" } else { indent });
            out.push_str(line);
            out.push('\n');
        }
        out.push_str(&format!("{indent}\"\"\"\n"));
    } else {
        out.push_str(&format!("{indent}{}\n", quoted(description)));
    }
}

/// A string literal.
pub(crate) fn quoted(text: &str) -> String {
    let mut out = String::from('"');
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            control if control.is_control() && (control as u32) <= 0xffff => {
                // Writing into a String cannot fail.
                let _ = write!(out, "\\u{:04x}", control as u32);
            }
            other => out.push(other),
        }
    }
    out.push('"');
    out
}
