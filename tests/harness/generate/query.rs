//! Random queries that fit a caller's schema.

use super::schema::Schema;
use super::{TAGS, TEXTS};
use crate::random::Random;
use crate::reference::{
    Aggregates, Entity, Field, Filter, Groups, Kind, List, Op, Order, Quantifier, Select, Val, World, camel, pascal,
    shout,
};

/// Makes queries for one caller.
#[derive(Debug)]
pub struct Asker<'a> {
    /// The rows, for operands that hit.
    pub world: &'a World,
    /// What may be asked.
    pub schema: &'a Schema,
    /// Chance.
    pub random: Random,
    /// Whole lists only, no pages: when the order of ids is not the same everywhere.
    pub whole: bool,
}

impl Asker<'_> {
    /// Entities that have a root list.
    pub fn lists(&self) -> Vec<String> {
        let entities = self.world.model.entities.values();
        let listed = entities.filter(|entity| self.schema.has("Query", &camel(&entity.plural)));
        listed.map(|entity| entity.name.clone()).collect()
    }

    /// A query of a root list.
    pub fn list(&mut self, entity: &str) -> List {
        let mut list = self.inner_list(entity, 2);
        list.total = list.total || self.random.one_in(2);
        list
    }

    fn inner_list(&mut self, name: &str, depth: usize) -> List {
        let entity = self.world.model.entity(name);
        let mut list = List {
            entity: name.into(),
            ..List::default()
        };
        if self.random.one_in(2) {
            list.filter = Some(self.filter(name, 3));
        }
        list.order = self.order(name);
        list.first = Some(100);
        match if self.whole { 5 } else { self.random.below(6) } {
            0 => list.first = Some(self.random.below(4)),
            1 => (list.first, list.last) = (None, Some(self.random.below(4) + 1)),
            2 => list.offset = Some(self.random.below(3)),
            _ => {}
        }
        list.total = self.random.one_in(2);
        list.nodes = self.select(name, depth);
        if self.random.one_in(3) {
            list.aggregates = Some(self.aggregates(entity));
        }
        if self.random.one_in(4) {
            list.groups = self.groups(entity);
        }
        list
    }

    /// What of a row to ask for.
    pub fn select(&mut self, name: &str, depth: usize) -> Vec<Select> {
        let entity = self.world.model.entity(name);
        let mut parts = vec![Select::Field("id".into())];
        for field in &entity.fields {
            if field.name == "id" || !self.schema.has(&pascal(name), &camel(&field.name)) || self.random.one_in(3) {
                continue;
            }
            match &field.kind {
                Kind::Id | Kind::Other | Kind::OneOf(_) => {}
                Kind::Ref(_) | Kind::List { .. } if depth == 0 => {}
                Kind::Ref(target) => parts.push(Select::One(field.name.clone(), self.select(target, depth - 1))),
                Kind::List { of, .. } => parts.push(Select::Many(
                    field.name.clone(),
                    Box::new(self.inner_list(of, depth - 1)),
                )),
                // Rows without a stated instant get the server's.
                Kind::DateTime if is_stamp(entity, field) => {}
                _ => parts.push(Select::Field(field.name.clone())),
            }
        }
        if self.random.one_in(2) && self.schema.has(&pascal(name), "_access") {
            parts.push(Select::Access);
        }
        parts
    }

    /// A filter on rows of an entity.
    pub fn filter(&mut self, name: &str, depth: usize) -> Filter {
        match self.random.below(if depth == 0 { 1 } else { 7 }) {
            1 => Filter::Not(Box::new(self.filter(name, depth - 1))),
            2 => Filter::Any(vec![self.filter(name, depth - 1), self.filter(name, depth - 1)]),
            3 => Filter::All(vec![self.filter(name, depth - 1), self.filter(name, depth - 1)]),
            _ => self.leaf(name, depth),
        }
    }

    fn leaf(&mut self, name: &str, depth: usize) -> Filter {
        let entity = self.world.model.entity(name);
        let input = format!("{}Filter", pascal(name));
        let fits = |field: &&Field| {
            let known = !matches!(field.kind, Kind::Other | Kind::Id | Kind::OneOf(_))
                && self.schema.has(&input, &camel(&field.name));
            known && (depth > 0 || !matches!(field.kind, Kind::List { .. })) && !is_stamp(entity, field)
        };
        let fields: Vec<&Field> = entity.fields.iter().filter(fits).collect();
        if fields.is_empty() {
            return Filter::All(Vec::new());
        }
        let field = *self.random.pick(&fields);
        let own = field.name.clone();
        match &field.kind {
            Kind::Ref(target) => match self.random.below(3) {
                0 => Filter::IsNull(own, self.random.one_in(2)),
                _ if depth > 0 => Filter::One(own, Box::new(self.filter(target, depth - 1))),
                _ => {
                    let ids: Vec<_> = self
                        .world
                        .of(target)
                        .filter(|row| self.world.row_of(*row).id.is_some())
                        .collect();
                    if ids.is_empty() {
                        return Filter::IsNull(own, false);
                    }
                    let id = *self.random.pick(&ids);
                    Filter::One(own, Box::new(Filter::Leaf("id".into(), Op::Eq(Val::Row(id)))))
                }
            },
            Kind::List { of, .. } => {
                let quantifier = match self.random.below(4) {
                    0 => Quantifier::Some(Box::new(self.filter(of, depth - 1))),
                    1 => Quantifier::Every(Box::new(self.filter(of, depth - 1))),
                    2 => Quantifier::None(Box::new(self.filter(of, depth - 1))),
                    _ => {
                        let number = Val::Int(self.random.below(3) as i64);
                        Quantifier::Count(
                            self.random
                                .pick(&[Op::Eq(number.clone()), Op::Gt(number.clone()), Op::Lte(number)])
                                .clone(),
                        )
                    }
                };
                Filter::Many(own, quantifier)
            }
            kind => {
                let op = if field.encrypted {
                    self.equality(name, &own, kind)
                } else {
                    self.op(name, &own, kind)
                };
                Filter::Leaf(own, op)
            }
        }
    }

    /// All that an encrypted field is asked.
    fn equality(&mut self, entity: &str, field: &str, kind: &Kind) -> Op {
        let (one, other) = (self.operand(entity, field, kind), self.operand(entity, field, kind));
        match self.random.below(6) {
            0 => Op::In(Vec::new()),
            1 => Op::In(vec![one, other]),
            2 => Op::IsNull(self.random.one_in(2)),
            _ => Op::Eq(one),
        }
    }

    fn op(&mut self, entity: &str, field: &str, kind: &Kind) -> Op {
        if let Kind::MultiSelect(options) = kind {
            let tags: Vec<String> = if options.is_empty() {
                TAGS.map(String::from).to_vec()
            } else {
                options.clone()
            };
            return match self.random.below(4) {
                0 => Op::Has(self.random.pick(&tags).clone()),
                1 => Op::HasAny(self.random.some(&tags, 2)),
                2 => Op::HasAll(self.random.some(&tags, 2)),
                _ => Op::IsNull(self.random.one_in(2)),
            };
        }
        let (one, other) = (self.operand(entity, field, kind), self.operand(entity, field, kind));
        let is_text = *kind == Kind::Text;
        let is_ordered = matches!(
            kind,
            Kind::Int | Kind::Autonumber | Kind::Float | Kind::Decimal | Kind::Date | Kind::DateTime | Kind::Text
        );
        match self.random.below(10) {
            0 | 1 if is_text => {
                let operator = *self.random.pick(&["contains", "startsWith", "endsWith", "like"]);
                let operand = *self
                    .random
                    .pick(&["a", "AL", "beta_1", "%", "100%", r"\", r"a\%", "É", "x", "_", "%1"]);
                Op::Text(operator, operand.into(), self.random.one_in(2))
            }
            2 => Op::Ne(one),
            3 => Op::In(vec![one, other]),
            4 => Op::NotIn(if self.random.one_in(5) {
                Vec::new()
            } else {
                vec![one, other]
            }),
            5 => Op::IsNull(self.random.one_in(2)),
            6 if is_ordered => Op::Lt(one),
            7 if is_ordered => Op::Lte(one),
            8 if is_ordered => Op::Gt(one),
            9 if is_ordered => Op::Gte(one),
            6 => Op::In(Vec::new()),
            _ => Op::Eq(one),
        }
    }

    /// A value that some row has, whoever may see it.
    fn operand(&mut self, entity: &str, field: &str, kind: &Kind) -> Val {
        let values = self
            .world
            .of(entity)
            .map(|row| self.world.raw(row, field))
            .filter(|value| !value.is_null());
        let values: Vec<&Val> = values.collect();
        match (values.as_slice(), kind) {
            ([_, ..], _) => (*self.random.pick(&values)).clone(),
            ([], Kind::Int | Kind::Autonumber) => Val::Int(1),
            ([], Kind::Float) => Val::Float(1.5),
            ([], Kind::Decimal) => crate::reference::Decimal::parse("1.5").map_or(Val::Null, Val::Decimal),
            ([], Kind::Boolean) => Val::Bool(true),
            ([], Kind::Date) => Val::Text("2025-01-01".into()),
            ([], Kind::DateTime) => Val::Text("2025-01-01T00:00:00Z".into()),
            ([], Kind::Select(options)) => Val::Text(self.random.pick(options).clone()),
            ([], _) => Val::Text((*self.random.pick(&TEXTS)).to_owned()),
        }
    }

    fn order(&mut self, name: &str) -> Vec<Order> {
        let mut keys: Vec<Order> = Vec::new();
        for _ in 0..self.random.below(3) {
            let mut path = Vec::new();
            let mut current = name.to_owned();
            for step in 0..3 {
                let entity = self.world.model.entity(&current);
                let input = format!("{}OrderBy", pascal(&current));
                let fits = |field: &&Field| {
                    let is_reference = matches!(field.kind, Kind::Ref(_));
                    let known = !matches!(
                        field.kind,
                        Kind::Other | Kind::OneOf(_) | Kind::List { .. } | Kind::MultiSelect(_)
                    );
                    known
                        && self.schema.has(&input, &camel(&field.name))
                        && (step < 2 || !is_reference)
                        && !is_stamp(entity, field)
                };
                let fields: Vec<&Field> = entity.fields.iter().filter(fits).collect();
                if fields.is_empty() {
                    path.clear();
                    break;
                }
                let field = *self.random.pick(&fields);
                path.push(field.name.clone());
                match &field.kind {
                    Kind::Ref(target) => current.clone_from(target),
                    _ => break,
                }
            }
            let is_new = keys.iter().all(|key| key.path != path);
            if !path.is_empty() && is_new {
                keys.push(Order {
                    path,
                    descending: self.random.one_in(2),
                });
            }
        }
        keys
    }

    fn aggregates(&mut self, entity: &Entity) -> Aggregates {
        let mut functions = Vec::new();
        for function in ["sum", "avg", "min", "max"] {
            let type_name = format!("{}{}", pascal(&entity.name), pascal(function));
            for field in &entity.fields {
                let figures = matches!(field.kind, Kind::Int | Kind::Float | Kind::Decimal);
                let ordered = figures || matches!(field.kind, Kind::Date | Kind::Text | Kind::DateTime);
                let fits = if matches!(function, "sum" | "avg") {
                    figures
                } else {
                    ordered && !is_stamp(entity, field)
                };
                if fits && self.schema.has(&type_name, &camel(&field.name)) && self.random.one_in(2) {
                    functions.push((function, field.name.clone()));
                }
            }
        }
        Aggregates { functions }
    }

    fn groups(&mut self, entity: &Entity) -> Option<Groups> {
        let members = format!("{}GroupBy", pascal(&entity.name));
        let fits = |field: &&Field| {
            let known = !matches!(
                field.kind,
                Kind::Other | Kind::OneOf(_) | Kind::Id | Kind::List { .. } | Kind::MultiSelect(_)
            );
            known && self.schema.has(&members, &shout(&field.name)) && !is_stamp(entity, field)
        };
        let fields: Vec<String> = entity
            .fields
            .iter()
            .filter(fits)
            .map(|field| field.name.clone())
            .collect();
        if fields.is_empty() {
            return None;
        }
        let mut by = vec![self.random.pick(&fields).clone()];
        let other = self.random.pick(&fields).clone();
        if self.random.one_in(2) && !by.contains(&other) {
            by.push(other);
        }
        Some(Groups {
            by,
            aggregates: self.aggregates(entity),
        })
    }
}

/// An instant that the server set itself, since the seed does not.
fn is_stamp(entity: &Entity, field: &Field) -> bool {
    matches!(field.name.as_str(), "created_at" | "updated_at")
        && ["user", "org", "membership"].contains(&entity.name.as_str())
}
