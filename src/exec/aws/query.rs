//! What `--query` picks from an answer: JMESPath, with the AWS CLI's one addition, texts in an order.

use std::sync::LazyLock;

use jmespath::ast::{Ast, Comparator, KeyValuePair};
use jmespath::functions::Function;
use jmespath::{Context, Expression, Rcvar, Runtime, SearchResult, Variable};
use serde_json::Value;

/// The parser of expressions recurses, so that nesting is bounded before it sees one.
const MAX_NESTING: usize = 64;

/// The functions of JMESPath, and the comparisons of texts under names that no expression can spell.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    let mut runtime = Runtime::new();
    runtime.register_builtin_functions();
    for comparator in
        [Comparator::LessThan, Comparator::LessThanEqual, Comparator::GreaterThan, Comparator::GreaterThanEqual]
    {
        if let Some(name) = name_of(&comparator) {
            runtime.register_function(name, Box::new(Ordering(comparator)));
        }
    }
    runtime
});

/// Compares two numbers, as JMESPath does, or two texts, as the AWS CLI does: `[?StartTime >= '2026-11-01']`.
struct Ordering(Comparator);

impl Function for Ordering {
    fn evaluate(&self, args: &[Rcvar], _: &mut Context<'_>) -> SearchResult {
        let holds = match args {
            [left, right] => match (left.as_string(), right.as_string()) {
                (Some(left), Some(right)) => match self.0 {
                    Comparator::LessThan => Some(left < right),
                    Comparator::LessThanEqual => Some(left <= right),
                    Comparator::GreaterThan => Some(left > right),
                    Comparator::GreaterThanEqual => Some(left >= right),
                    Comparator::Equal | Comparator::NotEqual => None,
                },
                _ => left.compare(&self.0, right),
            },
            _ => None,
        };
        Ok(Rcvar::new(holds.map_or(Variable::Null, Variable::Bool)))
    }
}

/// Returns the name under which a comparison that needs an order is a function.
fn name_of(comparator: &Comparator) -> Option<&'static str> {
    match comparator {
        Comparator::LessThan => Some("<"),
        Comparator::LessThanEqual => Some("<="),
        Comparator::GreaterThan => Some(">"),
        Comparator::GreaterThanEqual => Some(">="),
        Comparator::Equal | Comparator::NotEqual => None,
    }
}

/// Puts the functions above in the place of comparisons.
fn ordered(ast: Ast) -> Ast {
    let inside = |ast: Box<Ast>| Box::new(ordered(*ast));
    let all = |list: Vec<Ast>| list.into_iter().map(ordered).collect();
    match ast {
        Ast::Comparison { offset, comparator, lhs, rhs } => match name_of(&comparator) {
            Some(name) => Ast::Function { offset, name: name.to_owned(), args: vec![ordered(*lhs), ordered(*rhs)] },
            None => Ast::Comparison { offset, comparator, lhs: inside(lhs), rhs: inside(rhs) },
        },
        Ast::Condition { offset, predicate, then } => {
            Ast::Condition { offset, predicate: inside(predicate), then: inside(then) }
        }
        Ast::Expref { offset, ast } => Ast::Expref { offset, ast: inside(ast) },
        Ast::Flatten { offset, node } => Ast::Flatten { offset, node: inside(node) },
        Ast::Function { offset, name, args } => Ast::Function { offset, name, args: all(args) },
        Ast::MultiList { offset, elements } => Ast::MultiList { offset, elements: all(elements) },
        Ast::MultiHash { offset, elements } => {
            let pair = |pair: KeyValuePair| KeyValuePair { key: pair.key, value: ordered(pair.value) };
            Ast::MultiHash { offset, elements: elements.into_iter().map(pair).collect() }
        }
        Ast::Not { offset, node } => Ast::Not { offset, node: inside(node) },
        Ast::Projection { offset, lhs, rhs } => Ast::Projection { offset, lhs: inside(lhs), rhs: inside(rhs) },
        Ast::ObjectValues { offset, node } => Ast::ObjectValues { offset, node: inside(node) },
        Ast::And { offset, lhs, rhs } => Ast::And { offset, lhs: inside(lhs), rhs: inside(rhs) },
        Ast::Or { offset, lhs, rhs } => Ast::Or { offset, lhs: inside(lhs), rhs: inside(rhs) },
        Ast::Subexpr { offset, lhs, rhs } => Ast::Subexpr { offset, lhs: inside(lhs), rhs: inside(rhs) },
        Ast::Identity { .. } | Ast::Field { .. } | Ast::Index { .. } | Ast::Literal { .. } | Ast::Slice { .. } => ast,
    }
}

/// Checks a JMESPath expression.
///
/// # Errors
/// One sentence.
pub(super) fn check(query: &str) -> Result<(), String> {
    compile(query).map(drop)
}

fn compile(query: &str) -> Result<Expression<'static>, String> {
    let (mut depth, mut prefixes, mut deepest) = (0_usize, 0_usize, 0_usize);
    for c in query.chars() {
        match c {
            '[' | '(' | '{' => depth += 1,
            ']' | ')' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        prefixes = if matches!(c, '!' | '&') { prefixes + 1 } else { 0 };
        deepest = deepest.max(depth + prefixes);
    }
    if deepest > MAX_NESTING {
        return Err(format!("`--query` is nested more than {MAX_NESTING} deep; simplify it"));
    }
    let parsed = jmespath::parse(query).map_err(|error| {
        format!(
            "`--query {query}` is not a JMESPath expression: {} at column {}; see https://jmespath.org",
            error.reason,
            error.column + 1
        )
    })?;
    Ok(Expression::new(query, ordered(parsed), &RUNTIME))
}

/// Applies `query`.
///
/// # Errors
/// One sentence, if the expression does not fit the value.
pub(super) fn apply(query: &str, value: &Value) -> Result<Value, String> {
    let wrong = |error: &dyn std::fmt::Display| format!("`--query {query}` can't be applied: {error}");
    let input = jmespath::Variable::from_json(&value.to_string()).map_err(|error| wrong(&error))?;
    let found = compile(query)?.search(input).map_err(|error| wrong(&error.reason))?;
    serde_json::to_value(&*found).map_err(|error| wrong(&error))
}

/// Says whether `query` only picks from items of one of `lists`, so that picking page by page gives the same.
pub(super) fn only_picks(query: &str, lists: &[&str]) -> bool {
    fn picks(ast: &Ast, lists: &[&str]) -> bool {
        match ast {
            Ast::Projection { lhs, .. } => match lhs.as_ref() {
                Ast::Field { name, .. } => lists.contains(&name.as_str()),
                Ast::Flatten { node, .. } => match node.as_ref() {
                    Ast::Field { name, .. } => lists.contains(&name.as_str()),
                    inner => picks(inner, lists),
                },
                _ => false,
            },
            _ => false,
        }
    }
    compile(query).is_ok_and(|expression| picks(expression.as_ast(), lists))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The answers are those of jmespath 1.1.0, which the AWS CLI uses.
    #[test]
    fn texts_have_an_order_as_they_have_for_the_aws_cli() {
        let value = json!({"L": [
            {"Key": "a", "At": "2026-11-27T22:00:00+00:00"},
            {"Key": "b", "At": "2026-11-27T23:00:00+00:00", "Size": 3},
            {"Key": "c"},
        ]});
        for (query, expected) in [
            ("L[?At >= '2026-11-27T22:30:00Z'].Key", json!(["b"])),
            ("L[?At < '2026-11-27T22:30:00Z'].Key", json!(["a"])),
            ("L[?Size <= `3`].Key", json!(["b"])),
            ("L[?!(At > '2026-11-27T22:30:00Z')].{k: Key}", json!([{"k": "a"}, {"k": "c"}])),
            ("length(L[?At >= '2026' && Size > `2`])", json!(1)),
            ("[L[0].At < L[1].At, L[2].At < 'x']", json!([true, null])),
        ] {
            assert_eq!(apply(query, &value).unwrap(), expected, "{query}");
        }
    }

    #[test]
    fn what_only_picks_can_be_picked_page_by_page() {
        let lists = ["Versions", "DeleteMarkers"];
        let pages =
            [json!({"Versions": [{"a": 1, "b": [1]}, {"a": null}]}), json!({"Versions": [{"a": 2, "b": [2, 3]}]})];
        let whole = json!({"Versions": [{"a": 1, "b": [1]}, {"a": null}, {"a": 2, "b": [2, 3]}]});
        for query in [
            "Versions[]",
            "Versions[].a",
            "Versions[?a > `1`].[a,b]",
            "Versions[*].{x: a}",
            "Versions[].b[]",
            "Versions[].b | []",
        ] {
            if !only_picks(query, &lists) {
                assert!(query.contains('|'), "{query}");
                continue;
            }
            let picked = pages.iter().flat_map(|page| apply(query, page).unwrap().as_array().unwrap().clone());
            assert_eq!(picked.collect::<Value>(), apply(query, &whole).unwrap(), "{query}");
        }
        for query in [
            "length(Versions)",
            "Versions[0]",
            "Versions[:2]",
            "Name",
            "Versions[].a | [0]",
            "Other[].a",
            "[Versions[].a]",
            "Versions",
        ] {
            assert!(!only_picks(query, &lists), "{query}");
        }
    }

    #[test]
    fn wrong_expressions_say_where() {
        let error = check("DBInstances[0").unwrap_err();
        assert!(error.contains("column"), "{error}");
        assert!(check(&"[".repeat(100_000)).is_err());
        assert!(check(&"!".repeat(100_000)).is_err());
        assert!(apply("sort(a)", &json!({"a": 1})).is_err());
        check("DBInstances[?Status=='x' && !(A || B)].{id:Id,n:length(L)} | [0]").unwrap();
    }
}
