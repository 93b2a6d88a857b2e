//! The shapes of AWS's answers: which member is a list, a number, a time. Data and its look-up.
//!
//! One table serves every operation of a service, since a member's kind depends on its name nearly everywhere;
//! where it does not, the table has `Parent/Member`. `tests/aws_shapes.py` writes the tables from AWS's public models.

mod compute;
mod database;
mod guards;
mod storage;

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;

/// Says how the text of a member is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// As it is.
    Text,
    /// A whole number.
    Integer,
    /// A number.
    Float,
    /// `true` or `false`.
    Boolean,
    /// A point in time.
    Time,
    /// Members of its own.
    Structure,
    /// An element around its items.
    List,
    /// Items that repeat without an element around them.
    Flat,
    /// `entry` elements of `key` and `value`.
    Map,
}

/// Holds a service's members, as words with spaces between.
pub(super) struct Table {
    lists: &'static str,
    flat: &'static str,
    maps: &'static str,
    structures: &'static str,
    integers: &'static str,
    floats: &'static str,
    booleans: &'static str,
    times: &'static str,
    texts: &'static str,
    /// `Element=Member` where the AWS CLI calls a member otherwise.
    names: &'static str,
    /// `Root=Member` where the whole document is one member.
    payloads: &'static str,
    /// `header=Member:kind`.
    headers: &'static str,
}

/// Is the table of a service without members: what a service does not have is left out of its table.
const EMPTY: Table = Table {
    lists: "",
    flat: "",
    maps: "",
    structures: "",
    integers: "",
    floats: "",
    booleans: "",
    times: "",
    texts: "",
    names: "",
    payloads: "",
    headers: "",
};

/// Answers questions about the members of one service.
#[derive(Debug, Default)]
pub(super) struct Shapes {
    case: Names,
    kinds: HashMap<&'static str, Shape>,
    names: HashMap<&'static str, &'static str>,
    payloads: HashMap<&'static str, &'static str>,
    headers: HashMap<&'static str, (&'static str, Shape)>,
}

/// Says how the AWS CLI writes a member that the table has no name for.
#[derive(Clone, Copy, Debug, Default)]
enum Names {
    #[default]
    AsTheyAre,
    /// With a capital letter: EC2 writes its members small.
    Capital,
}

impl Shapes {
    fn new(table: &Table, case: Names) -> Self {
        let rows = [
            (table.lists, Shape::List),
            (table.flat, Shape::Flat),
            (table.maps, Shape::Map),
            (table.structures, Shape::Structure),
            (table.integers, Shape::Integer),
            (table.floats, Shape::Float),
            (table.booleans, Shape::Boolean),
            (table.times, Shape::Time),
            (table.texts, Shape::Text),
        ];
        let kinds = rows.iter().flat_map(|(words, shape)| words.split_whitespace().map(move |word| (word, *shape)));
        let headers = pairs(table.headers).filter_map(|(header, member)| {
            let (name, kind) = member.split_once(':')?;
            let shape = match kind {
                "integers" => Shape::Integer,
                "booleans" => Shape::Boolean,
                "times" => Shape::Time,
                "maps" => Shape::Map,
                _ => Shape::Text,
            };
            Some((header, (name, shape)))
        });
        Self {
            case,
            kinds: kinds.collect(),
            names: pairs(table.names).collect(),
            payloads: pairs(table.payloads).collect(),
            headers: headers.collect(),
        }
    }

    /// Returns the shape of the element `name` within `parent`, if it is anything but plain text.
    pub(super) fn kind(&self, parent: &str, name: &str) -> Option<Shape> {
        self.kinds.get(format!("{parent}/{name}").as_str()).or_else(|| self.kinds.get(name)).copied()
    }

    /// Returns what the AWS CLI calls the element `name` within `parent`.
    pub(super) fn name<'n>(&self, parent: &str, name: &'n str) -> Cow<'n, str> {
        let known = self.names.get(format!("{parent}/{name}").as_str()).or_else(|| self.names.get(name));
        match (known, self.case) {
            (Some(known), _) => Cow::Borrowed(*known),
            (None, Names::AsTheyAre) => Cow::Borrowed(name),
            (None, Names::Capital) => {
                let mut letters = name.chars();
                let first = letters.next().map(|first| first.to_ascii_uppercase());
                Cow::Owned(first.into_iter().chain(letters).collect())
            }
        }
    }

    /// Returns the member that a document with the root `root` is as a whole.
    pub(super) fn payload(&self, root: &str) -> Option<&'static str> {
        self.payloads.get(root).copied()
    }

    /// Lists the headers that are members: header, member, shape.
    pub(super) fn headers(&self) -> impl Iterator<Item = (&'static str, &'static str, Shape)> {
        self.headers.iter().map(|(header, (name, shape))| (*header, *name, *shape))
    }
}

fn pairs(words: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    words.split_whitespace().filter_map(|word| word.split_once('='))
}

/// Returns the shapes of a service, called as the AWS CLI calls it.
pub(super) fn of(service: &str) -> &'static Shapes {
    static ALL: LazyLock<HashMap<&'static str, Shapes>> = LazyLock::new(|| {
        let tables = [
            ("rds", database::RDS),
            ("elasticache", database::ELASTICACHE),
            ("s3api", storage::S3),
            ("backup", storage::BACKUP),
            ("route53", compute::ROUTE53),
            ("ec2", compute::EC2),
            ("autoscaling", compute::AUTOSCALING),
            ("elbv2", compute::ELBV2),
            ("ecs", compute::ECS),
            ("arc-zonal-shift", compute::ARC_ZONAL_SHIFT),
            ("sts", guards::STS),
            ("cloudwatch", guards::CLOUDWATCH),
            ("cloudtrail", guards::CLOUDTRAIL),
            ("kms", guards::KMS),
            ("secretsmanager", guards::SECRETSMANAGER),
            ("sns", guards::SNS),
        ];
        let capital = |service| if service == "ec2" { Names::Capital } else { Names::AsTheyAre };
        tables.iter().map(|(service, table)| (*service, Shapes::new(table, capital(*service)))).collect()
    });
    static NONE: LazyLock<Shapes> = LazyLock::new(Shapes::default);
    ALL.get(service).unwrap_or(&NONE)
}
