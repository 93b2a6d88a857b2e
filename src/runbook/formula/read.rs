//! From text to tree. Conditions bind as in most languages: `!`, `* /`, `+ -`, comparisons, `&&`, `||`.

use crate::runbook::words;

/// How deep parentheses and negations may stand in each other.
const DEEPEST: usize = 40;
/// How many words and signs a formula may have: the tree of a chain of them is as deep as it is long.
const MOST: usize = 400;

/// Is a part of a formula.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    /// A bare word: worth what it looks like.
    Word(String),
    /// A text in quotes, which may use `${NAME}`.
    Quoted(String),
    /// The value of a variable.
    Name(String),
    Not(Box<Node>),
    And(Box<Node>, Box<Node>),
    Or(Box<Node>, Box<Node>),
    Compare(Box<Node>, Relation, Box<Node>),
    Calculate(Box<Node>, Sign, Box<Node>),
    /// `all(…)` and `any(…)`.
    Each(Quantity, Vec<Node>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quantity {
    All,
    Any,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Relation {
    Equal,
    Unequal,
    Less,
    AtMost,
    More,
    AtLeast,
    Matches,
    MatchesNot,
}

impl Relation {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Equal => "==",
            Self::Unequal => "!=",
            Self::Less => "<",
            Self::AtMost => "<=",
            Self::More => ">",
            Self::AtLeast => ">=",
            Self::Matches => "=~",
            Self::MatchesNot => "!~",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    Plus,
    Minus,
    Times,
    By,
}

impl Sign {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Plus => "+",
            Self::Minus => "-",
            Self::Times => "*",
            Self::By => "/",
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Word(String),
    Quoted(String),
    Name(String),
    Relation(Relation),
    Sign(Sign),
    And,
    Or,
    Not,
    Open,
    Close,
    Comma,
}

impl Token {
    fn shown(&self) -> String {
        match self {
            Self::Word(text) => text.clone(),
            Self::Quoted(text) => format!("\"{text}\""),
            Self::Name(name) => format!("${{{name}}}"),
            Self::Relation(relation) => relation.word().to_owned(),
            Self::Sign(sign) => sign.word().to_owned(),
            Self::And => "&&".to_owned(),
            Self::Or => "||".to_owned(),
            Self::Not => "!".to_owned(),
            Self::Open => "(".to_owned(),
            Self::Close => ")".to_owned(),
            Self::Comma => ",".to_owned(),
        }
    }
}

/// Reads a formula.
pub(super) fn read(text: &str) -> Result<Node, String> {
    let tokens = tokens(text)?;
    let mut reader = Reader { tokens: tokens.into_iter().peekable(), depth: 0 };
    let node = reader.either()?;
    match reader.tokens.next() {
        None => Ok(node),
        Some(token) => Err(format!("`{}` stands where an operator or the end should", token.shown())),
    }
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    const SYMBOLS: [(&str, Token); 17] = [
        ("&&", Token::And),
        ("||", Token::Or),
        ("==", Token::Relation(Relation::Equal)),
        ("=~", Token::Relation(Relation::Matches)),
        ("!=", Token::Relation(Relation::Unequal)),
        ("!~", Token::Relation(Relation::MatchesNot)),
        ("<=", Token::Relation(Relation::AtMost)),
        (">=", Token::Relation(Relation::AtLeast)),
        ("<", Token::Relation(Relation::Less)),
        (">", Token::Relation(Relation::More)),
        ("!", Token::Not),
        ("(", Token::Open),
        (")", Token::Close),
        (",", Token::Comma),
        ("+", Token::Sign(Sign::Plus)),
        ("*", Token::Sign(Sign::Times)),
        ("/", Token::Sign(Sign::By)),
    ];
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let symbol = SYMBOLS.iter().find(|(symbol, _)| rest.starts_with(symbol));
        let taken = if let Some(inner) = rest.strip_prefix("${") {
            let end = inner.find('}').ok_or("`${` is not closed; write `${NAME}`")?;
            let name = inner.get(..end).unwrap_or_default();
            if !words::is_variable(name) {
                return Err(format!("`${{{name}}}` is not a variable; write `${{NAME}}` or `${{NAME.outcome}}`"));
            }
            found.push(Token::Name(name.to_owned()));
            end + 3
        } else if let Some((symbol, token)) = symbol {
            found.push(token.clone());
            symbol.len()
        } else if matches!(first, '"' | '\'') {
            let inner = rest.get(1..).unwrap_or_default();
            let end = inner.find(first).ok_or_else(|| format!("the text after {first} has no closing quote"))?;
            found.push(Token::Quoted(inner.get(..end).unwrap_or_default().to_owned()));
            end + 2
        } else {
            let end = rest.find(|c: char| !(c.is_alphanumeric() || "_.:-+@/".contains(c))).unwrap_or(rest.len());
            let word = rest.get(..end).unwrap_or_default();
            match word {
                "" => return Err(format!("`{first}` means nothing here; put a text into quotes")),
                "-" => found.push(Token::Sign(Sign::Minus)),
                _ if words::recalled(word).is_some() => found.push(Token::Name(word.to_owned())),
                _ => match word.strip_prefix('-').filter(|_| follows_a_value(found.last())) {
                    // `${T}-1s`: what stands right behind a value is taken away from it.
                    Some(tail) if !tail.is_empty() => {
                        found.push(Token::Sign(Sign::Minus));
                        found.push(Token::Word(tail.to_owned()));
                    }
                    _ => found.push(Token::Word(word.to_owned())),
                },
            }
            end
        };
        rest = rest.get(taken..).unwrap_or_default().trim_start();
    }
    match found.len() {
        0 => Err("it is empty".to_owned()),
        count if count > MOST => Err(format!("it has more than {MOST} parts")),
        _ => Ok(found),
    }
}

fn follows_a_value(last: Option<&Token>) -> bool {
    matches!(last, Some(Token::Word(_) | Token::Quoted(_) | Token::Name(_) | Token::Close))
}

struct Reader {
    tokens: std::iter::Peekable<std::vec::IntoIter<Token>>,
    depth: usize,
}

impl Reader {
    fn take(&mut self, wanted: &Token) -> bool {
        self.tokens.next_if_eq(wanted).is_some()
    }

    fn either(&mut self) -> Result<Node, String> {
        let mut node = self.both()?;
        while self.take(&Token::Or) {
            node = Node::Or(Box::new(node), Box::new(self.both()?));
        }
        Ok(node)
    }

    fn both(&mut self) -> Result<Node, String> {
        let mut node = self.comparison()?;
        while self.take(&Token::And) {
            node = Node::And(Box::new(node), Box::new(self.comparison()?));
        }
        Ok(node)
    }

    fn comparison(&mut self) -> Result<Node, String> {
        let left = self.sum()?;
        let Some(Token::Relation(relation)) = self.tokens.next_if(|token| matches!(token, Token::Relation(_))) else {
            return Ok(left);
        };
        let right = self.sum()?;
        if let (Relation::Matches | Relation::MatchesNot, Node::Word(pattern) | Node::Quoted(pattern)) =
            (relation, &right)
            && words::variables(pattern).is_empty()
        {
            super::pattern(pattern)?;
        }
        if let Some(Token::Relation(second)) = self.tokens.peek() {
            return Err(format!("`{}` follows another comparison; join the two with `&&`", second.word()));
        }
        Ok(Node::Compare(Box::new(left), relation, Box::new(right)))
    }

    fn sum(&mut self) -> Result<Node, String> {
        let mut node = self.product()?;
        while let Some(Token::Sign(sign)) =
            self.tokens.next_if(|token| matches!(token, Token::Sign(Sign::Plus | Sign::Minus)))
        {
            node = Node::Calculate(Box::new(node), sign, Box::new(self.product()?));
        }
        Ok(node)
    }

    fn product(&mut self) -> Result<Node, String> {
        let mut node = self.unit()?;
        while let Some(Token::Sign(sign)) =
            self.tokens.next_if(|token| matches!(token, Token::Sign(Sign::Times | Sign::By)))
        {
            node = Node::Calculate(Box::new(node), sign, Box::new(self.unit()?));
        }
        Ok(node)
    }

    fn unit(&mut self) -> Result<Node, String> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(format!("it is nested more than {DEEPEST} deep"));
        }
        let node = match self.tokens.next() {
            Some(Token::Not) => Ok(Node::Not(Box::new(self.unit()?))),
            Some(Token::Open) => {
                let node = self.either()?;
                self.close()?;
                Ok(node)
            }
            Some(Token::Name(name)) => Ok(Node::Name(name)),
            Some(Token::Quoted(text)) => Ok(Node::Quoted(text)),
            Some(Token::Word(word)) if self.tokens.peek() == Some(&Token::Open) => self.call(&word),
            Some(Token::Word(word)) => Ok(Node::Word(word)),
            Some(other) => Err(format!("`{}` stands where a value should", other.shown())),
            None => Err("a value is missing at its end".to_owned()),
        };
        self.depth -= 1;
        node
    }

    fn call(&mut self, word: &str) -> Result<Node, String> {
        let quantity = match word {
            "all" => Quantity::All,
            "any" => Quantity::Any,
            _ => return Err(format!("there is no `{word}(…)`; there are `all(…)` and `any(…)`")),
        };
        self.take(&Token::Open);
        let mut parts = vec![self.either()?];
        while self.take(&Token::Comma) {
            parts.push(self.either()?);
        }
        self.close()?;
        Ok(Node::Each(quantity, parts))
    }

    fn close(&mut self) -> Result<(), String> {
        if self.take(&Token::Close) { Ok(()) } else { Err("a `)` is missing".to_owned()) }
    }
}

/// Lists the variables of a part.
pub(super) fn names(node: &Node, found: &mut Vec<String>) {
    match node {
        Node::Word(_) => {}
        Node::Quoted(text) => found.extend(words::variables(text).into_iter().map(|(name, _)| name)),
        Node::Name(name) => found.push(name.clone()),
        Node::Not(part) => names(part, found),
        Node::And(left, right)
        | Node::Or(left, right)
        | Node::Compare(left, _, right)
        | Node::Calculate(left, _, right) => {
            names(left, found);
            names(right, found);
        }
        Node::Each(_, parts) => parts.iter().for_each(|part| names(part, found)),
    }
}
