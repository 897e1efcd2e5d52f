//! The schema definition language: what `freehold schema` prints and tools read.
//!
//! Our own printer, because async-graphql's leaves quotes in descriptions and reasons unescaped.

use super::type_system::{InputField, OutputField, QUERY, Text, TypeDef, TypeKind, TypeSystem};
use indexmap::IndexMap;
use std::fmt::{self, Write};

/// Scalars of the language itself, which no schema definition repeats.
pub(crate) const BUILT_IN_SCALARS: [&str; 5] = ["Boolean", "Float", "ID", "Int", "String"];

/// The whole schema: roots first, then types by name.
pub(crate) struct Sdl<'s>(pub(crate) &'s TypeSystem);

impl fmt::Display for Sdl<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let system = self.0;
        let roots: Vec<&str> = [Some(QUERY), system.mutation.as_deref(), system.subscription.as_deref()]
            .into_iter()
            .flatten()
            .collect();
        let rest = system
            .types
            .keys()
            .map(String::as_str)
            .filter(|name| !roots.contains(name) && !BUILT_IN_SCALARS.contains(name));
        let names = roots.iter().copied().chain(rest);
        for (index, (name, def)) in names.filter_map(|name| system.types.get_key_value(name)).enumerate() {
            if index > 0 {
                out.write_char('\n')?;
            }
            print_type(out, name, def)?;
        }
        Ok(())
    }
}

fn print_type(out: &mut fmt::Formatter<'_>, name: &str, def: &TypeDef) -> fmt::Result {
    print_description(out, "", def.description.as_deref())?;
    match &def.kind {
        TypeKind::Scalar { specified_by } => {
            write!(out, "scalar {name}")?;
            if let Some(url) = specified_by {
                write!(out, " @specifiedBy(url: {})", quoted(url))?;
            }
            out.write_char('\n')?;
        }
        TypeKind::Object { implements, fields } => {
            let implements = if implements.is_empty() {
                String::new()
            } else {
                format!(" implements {}", implements.join(" & "))
            };
            writeln!(out, "type {name}{implements} {{")?;
            print_fields(out, fields)?;
            out.write_str("}\n")?;
        }
        TypeKind::Interface { fields, .. } => {
            writeln!(out, "interface {name} {{")?;
            print_fields(out, fields)?;
            out.write_str("}\n")?;
        }
        TypeKind::Union { possible } => writeln!(out, "union {name} = {}", possible.join(" | "))?,
        TypeKind::Enum { values } => {
            writeln!(out, "enum {name} {{")?;
            for value in values {
                writeln!(out, "  {value}")?;
            }
            out.write_str("}\n")?;
        }
        TypeKind::Input { fields } => {
            writeln!(out, "input {name} {{")?;
            for (name, field) in fields {
                print_description(out, "  ", field.description.as_deref())?;
                writeln!(out, "  {}", input(name, field))?;
            }
            out.write_str("}\n")?;
        }
    }
    Ok(())
}

fn print_fields(out: &mut fmt::Formatter<'_>, fields: &IndexMap<Text, OutputField>) -> fmt::Result {
    for (name, field) in fields {
        print_description(out, "  ", field.description.as_deref())?;
        write!(out, "  {name}")?;
        print_arguments(out, &field.arguments)?;
        writeln!(out, ": {}{}", field.type_ref, deprecated(field.deprecated.as_deref()))?;
    }
    Ok(())
}

fn print_arguments(out: &mut fmt::Formatter<'_>, arguments: &IndexMap<Text, InputField>) -> fmt::Result {
    if arguments.is_empty() {
        return Ok(());
    }
    if arguments.values().all(|argument| argument.description.is_none()) {
        let arguments: Vec<String> = arguments.iter().map(|(name, argument)| input(name, argument)).collect();
        write!(out, "({})", arguments.join(", "))?;
        return Ok(());
    }
    out.write_str("(\n")?;
    for (name, argument) in arguments {
        print_description(out, "    ", argument.description.as_deref())?;
        writeln!(out, "    {}", input(name, argument))?;
    }
    out.write_str("  )")?;
    Ok(())
}

fn input(name: &str, field: &InputField) -> String {
    let default = field
        .default
        .as_ref()
        .map(|default| format!(" = {default}"))
        .unwrap_or_default();
    format!(
        "{name}: {}{default}{}",
        field.type_ref,
        deprecated(field.deprecated.as_deref())
    )
}

fn deprecated(reason: Option<&str>) -> String {
    reason
        .map(|reason| format!(" @deprecated(reason: {})", quoted(reason)))
        .unwrap_or_default()
}

fn print_description(out: &mut fmt::Formatter<'_>, indent: &str, description: Option<&str>) -> fmt::Result {
    let Some(description) = description else { return Ok(()) };
    if description.contains('\n') {
        writeln!(out, "{indent}\"\"\"")?;
        for line in description.replace("\"\"\"", "\\\"\"\"").lines() {
            out.write_str(if line.is_empty() { "" } else { indent })?;
            out.write_str(line)?;
            out.write_char('\n')?;
        }
        writeln!(out, "{indent}\"\"\"")?;
    } else {
        writeln!(out, "{indent}{}", quoted(description))?;
    }
    Ok(())
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
