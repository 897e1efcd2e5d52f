//! Whether two answers say the same, whatever their form.

use chrono::DateTime;
use serde_json::Value;

/// What an answer says: lists without the frame that GraphQL puts around them, ids without hyphens, enums in lower case, moments in
/// microseconds, numbers as numbers.
pub(crate) fn essence(answer: &Value) -> Value {
    of_value("", answer)
}

/// The same, without what is new in each write.
pub(crate) fn lasting_essence(answer: &Value) -> Value {
    let mut essence = essence(answer);
    if let Some(row) = essence.pointer_mut("/data/createTicket").and_then(Value::as_object_mut) {
        for name in ["id", "createdAt", "subject"] {
            row.remove(name);
        }
    }
    if let Some(row) = essence.pointer_mut("/data/updateTicket").and_then(Value::as_object_mut) {
        row.remove("version");
    }
    essence
}

fn of_value(name: &str, value: &Value) -> Value {
    match (name, value) {
        (_, Value::Object(fields)) => match fields.get("nodes") {
            Some(nodes) if fields.len() == 1 => of_value("nodes", nodes),
            _ => fields
                .iter()
                .map(|(name, value)| (name.clone(), of_value(name, value)))
                .collect(),
        },
        (_, Value::Array(values)) => values.iter().map(|value| of_value(name, value)).collect(),
        ("id", Value::String(text)) => text.replace('-', "").into(),
        ("status" | "priority" | "tags", Value::String(text)) => text.to_lowercase().into(),
        ("hours", Value::String(text)) => text.parse::<f64>().map_or_else(|_| value.clone(), Value::from),
        ("hours", Value::Number(number)) => number.as_f64().into(),
        ("createdAt", Value::String(text)) => {
            DateTime::parse_from_rfc3339(text).map_or_else(|_| value.clone(), |moment| moment.timestamp_micros().into())
        }
        _ => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn form_does_not_matter() {
        let ours = json!({"data": {"tickets": {"nodes": [{
            "id": "01941f29-7c00-8004-8000-000000000001", "status": "OPEN", "tags": ["NETWORK"], "hours": "1.50",
            "createdAt": "2024-01-01T00:00:01Z",
        }]}}});
        let theirs = json!({"data": {"tickets": [{
            "createdAt": 1_704_067_201_000_000_i64, "id": "01941f297c0080048000000000000001", "status": "open", "tags": ["network"],
            "hours": 1.5,
        }]}});
        assert_eq!(essence(&ours), essence(&theirs));
        let other = json!({"data": {"tickets": [{"status": "OPEN"}]}});
        assert_ne!(essence(&ours), essence(&other));
    }

    #[test]
    fn a_total_beside_nodes_stays() {
        let page = json!({"totalCount": 3, "nodes": []});
        assert_eq!(essence(&page), page);
    }
}
