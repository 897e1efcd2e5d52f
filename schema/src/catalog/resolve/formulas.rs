//! Formulas: their texts read and checked, once all fields of an entity are known.

use super::{Context, lint};
use crate::catalog::{Catalog, EntityDef, EntityId, FieldDef, FieldId, FieldType, Operation, RuleDecl, SystemField};
use crate::formula::{Expression, Faults, Inputs, Places, Term, check, parse};
use crate::model::{EntityModel, FieldModel, Name, Spanned};
use std::collections::HashSet;
use std::sync::Arc;

/// What a formula field is before its text is read, and stays when that is faulty: null.
pub(super) fn declared(context: &mut Context<'_>, name: &Name, model: &FieldModel) -> Option<FieldType> {
    let missing = if model.returns.is_none() { "returns" } else { "formula" };
    let (Some(returns), Some(_)) = (model.returns, &model.formula) else {
        if !context.lost.contains(missing) {
            context
                .diagnostics
                .error(
                    "missing-key",
                    name.span,
                    format!("the formula `{}` does not state `{missing}`", name.value),
                )
                .hint("write `{type: formula, returns: decimal, formula: \"price * quantity\"}`");
        }
        return None;
    };
    Some(FieldType::Formula {
        returns: returns.value,
        expression: Arc::new(Expression::null(returns.value)),
    })
}

/// A formula whose fields are still to be found.
struct Unchecked<'a> {
    field: FieldId,
    model: &'a FieldModel,
    text: &'a Spanned<String>,
    term: Term,
    /// The formulas that it names.
    needs: Vec<FieldId>,
}

/// Checks the formulas of every entity.
pub(super) fn resolve(context: &mut Context<'_>) {
    for index in 0..context.drafts.list.len() {
        if let Some(model) = context.drafts.list[index].model {
            entity(context, EntityId(index as u16), model);
        }
    }
}

fn entity(context: &mut Context<'_>, id: EntityId, model: &EntityModel) {
    let mut waiting: Vec<Unchecked<'_>> = Vec::new();
    for field in 0..context.def(id).fields.len() {
        let field = FieldId(field as u16);
        waiting.extend(read(context, id, field, model));
    }
    // A formula is checked after those that it names. One that could not be read counts as null, and nobody is told twice.
    while !waiting.is_empty() {
        let open: HashSet<FieldId> = waiting.iter().map(|formula| formula.field).collect();
        let (ready, rest): (Vec<_>, Vec<_>) = waiting
            .into_iter()
            .partition(|formula| formula.needs.iter().all(|needed| !open.contains(needed)));
        if ready.is_empty() {
            circle(context, id, &rest);
            return;
        }
        for formula in &ready {
            finish(context, id, formula);
        }
        waiting = rest;
    }
}

/// Reads a formula's text; `None` for other fields, and for texts that cannot be read.
fn read<'a>(context: &mut Context<'_>, id: EntityId, field: FieldId, model: &'a EntityModel) -> Option<Unchecked<'a>> {
    let def = context.def(id).field(field);
    if !matches!(def.field_type, FieldType::Formula { .. }) {
        return None;
    }
    let model = model.fields.get(&def.name)?;
    let text = model.formula.as_ref()?;
    let mut faults = Faults::default();
    let term = parse(&text.value, &mut faults);
    tell(context, text, faults);
    let term = term?;
    let entity = context.def(id);
    let formulas = term.names().into_iter().filter_map(|name| entity.find_field(name));
    let needs = formulas
        .filter(|named| matches!(named.field_type, FieldType::Formula { .. }))
        .map(|named| named.id)
        .collect();
    Some(Unchecked {
        field,
        model,
        text,
        term,
        needs,
    })
}

fn finish(context: &mut Context<'_>, id: EntityId, formula: &Unchecked<'_>) {
    let FieldType::Formula { returns, .. } = context.def(id).field(formula.field).field_type else {
        return;
    };
    let mut faults = Faults::default();
    let names = Names {
        context,
        entity: context.def(id),
    };
    let expression = check(&formula.term, returns, &names, &mut faults);
    tell(context, formula.text, faults);
    let Some(expression) = expression else { return };
    let entity = context.def(id);
    let personal = expression
        .fields()
        .into_iter()
        .map(|input| entity.field(input))
        .find(|input| input.personal)
        .map(|input| input.name.clone());
    if let (Some(input), None) = (&personal, formula.model.personal) {
        let def = entity.field(formula.field);
        let (span, message) = (
            def.span,
            format!(
                "`{}` is calculated from `{input}`, which is personal, and so is taken as personal",
                def.name
            ),
        );
        context
            .diagnostics
            .warning("formula-personal", span, message)
            .hint("write `personal: true`, or `personal: false` if it tells nothing about a person");
    }
    let def = &mut context.entities[id.0 as usize].fields[formula.field.0 as usize];
    def.personal |= personal.is_some() && formula.model.personal.is_none();
    def.field_type = FieldType::Formula {
        returns,
        expression: Arc::new(expression),
    };
}

/// Tells a circle among formulas that all wait for another of them.
fn circle(context: &mut Context<'_>, id: EntityId, waiting: &[Unchecked<'_>]) {
    let find = |field: FieldId| waiting.iter().find(|formula| formula.field == field);
    let mut path: Vec<FieldId> = Vec::new();
    let mut at = waiting.first();
    while let Some(formula) = at {
        if let Some(from) = path.iter().position(|known| *known == formula.field) {
            let entity = context.def(id);
            let names: Vec<&str> = path[from..]
                .iter()
                .chain([&formula.field])
                .map(|field| entity.field(*field).name.as_str())
                .collect();
            let message = format!("formulas go in a circle: {}", names.join(" → "));
            context
                .diagnostics
                .error("formula-cycle", formula.text.span, message)
                .hint("a formula cannot be calculated from itself");
            return;
        }
        path.push(formula.field);
        at = formula.needs.iter().find_map(|needed| find(*needed));
    }
}

/// Rules that show a formula and hide what it is calculated from: it may tell more than was meant.
pub(super) fn lint(context: &mut Context<'_>, catalog: &Catalog) {
    for set in catalog.permission_sets.values() {
        for rule in &set.rules {
            let entity = catalog.entity(rule.entity);
            for shown in rule.read.iter().map(|field| entity.field(*field)) {
                let FieldType::Formula { expression, .. } = &shown.field_type else {
                    continue;
                };
                let hidden: Vec<String> = expression
                    .fields()
                    .into_iter()
                    .filter(|input| !opens(&set.rules, rule, entity.field(*input)))
                    .map(|input| format!("`{}`", entity.field(input).name))
                    .collect();
                if !hidden.is_empty() {
                    let message = format!(
                        "`{}.{}` is calculated from {}, which the rule does not open",
                        entity.name,
                        shown.name,
                        hidden.join(" and ")
                    );
                    let place = lint::read_place(context, rule, &shown.name);
                    context
                        .diagnostics
                        .warning("formula-reveals", place, message)
                        .hint("list it under `read` too, unless the formula is all that may be known");
                }
            }
        }
    }
}

/// Whether a field can be read on every row that a rule of the set opens: by that rule, or by one for at least as many rows.
fn opens(rules: &[RuleDecl], of: &RuleDecl, field: &FieldDef) -> bool {
    let wider = |rule: &&RuleDecl| {
        rule.entity == of.entity
            && rule.allow.contains(&Operation::Read)
            && rule.condition.is_none()
            && (rule.records_all || !of.records_all)
    };
    field.system.is_some_and(SystemField::is_always_readable)
        || of.read.contains(&field.id)
        || rules.iter().filter(wider).any(|rule| rule.read.contains(&field.id))
}

/// The faults of a text, each at its place in the file.
fn tell(context: &mut Context<'_>, text: &Spanned<String>, faults: Faults) {
    if faults.0.is_empty() {
        return;
    }
    let source = &context.sources.file(text.span.file).text;
    let places = Places::new(source, text.span, &text.value);
    let cut = source
        .get(text.span.end as usize..)
        .is_some_and(|after| after.trim_start().starts_with(','));
    for mut fault in faults.0 {
        if cut && fault.range.start == text.value.len() {
            fault.hint("in braces a comma ends a text without quotes: write `formula: \"…\"`");
        }
        let told = context
            .diagnostics
            .error(fault.check, places.span(&fault.range), fault.message);
        told.hint = fault.hint;
    }
}

/// The fields of an entity.
struct Names<'a> {
    context: &'a Context<'a>,
    entity: &'a EntityDef,
}

impl Inputs for Names<'_> {
    fn find(&self, name: &str) -> Option<&FieldDef> {
        self.entity.find_field(name)
    }

    fn names(&self) -> Vec<&str> {
        self.entity.fields.iter().map(|field| field.name.as_str()).collect()
    }

    fn is_lost(&self, name: &str) -> bool {
        self.context.lost.contains(name)
    }
}
