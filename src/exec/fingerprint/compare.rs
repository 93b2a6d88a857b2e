//! Two fingerprints side by side: what differs, what was not compared. Pure.

use std::collections::BTreeMap;
use std::fmt;

use super::manifest::{Manifest, Table};

/// Says what is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// Everything: the copy is of the moment of the manifest.
    Whole,
    /// Append-only tables up to the manifest's watermarks: the copy is of a later moment.
    UpToWatermark,
}

/// Is one thing that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// A table of the manifest is not there.
    TableMissing {
        /// Its name.
        table: String,
    },
    /// A table is there that the manifest does not have.
    TableUnknown {
        /// Its name.
        table: String,
    },
    /// A table has another number of rows.
    Rows {
        /// Its name.
        table: String,
        /// How many the manifest has.
        expected: u64,
        /// How many there are.
        found: u64,
    },
    /// A table has as many rows, and other contents.
    Contents {
        /// Its name.
        table: String,
    },
    /// A sequence would give out values again.
    SequenceBehind {
        /// Its name.
        sequence: String,
        /// Where the manifest has it.
        expected: Option<i64>,
        /// Where it is; `None` also if it is not there.
        found: Option<i64>,
    },
    /// The structure differs in objects of this kind.
    Schema {
        /// `columns`, `indexes` …
        kind: String,
    },
    /// An extension is missing, new, or of another version.
    Extension {
        /// Its name.
        name: String,
        /// The version of the manifest.
        expected: Option<String>,
        /// The version there is.
        found: Option<String>,
    },
    /// A setting that the checksums depend on differs, so checksums say nothing.
    Setting {
        /// Its name.
        name: String,
        /// Its value in the manifest.
        expected: String,
        /// Its value here.
        found: String,
    },
    /// There are more or fewer large objects.
    LargeObjects {
        /// How many the manifest has.
        expected: u64,
        /// How many there are.
        found: u64,
    },
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let or_none = |value: &Option<i64>| value.map_or_else(|| "no value".to_owned(), |value| value.to_string());
        match self {
            Self::TableMissing { table } => write!(f, "table {table}: missing"),
            Self::TableUnknown { table } => write!(f, "table {table}: not in the manifest"),
            Self::Rows { table, expected, found } => {
                write!(f, "table {table}: {found} rows, the manifest has {expected}")
            }
            Self::Contents { table } => write!(f, "table {table}: as many rows, other contents"),
            Self::SequenceBehind { sequence, expected, found } => write!(
                f,
                "sequence {sequence}: at {}, behind the manifest's {}: it would give out values again",
                or_none(found),
                or_none(expected)
            ),
            Self::Schema { kind } => write!(f, "structure: other {kind}"),
            Self::Extension { name, expected, found } => match (expected, found) {
                (Some(expected), Some(found)) => {
                    write!(f, "extension {name}: version {found}, the manifest has {expected}")
                }
                (Some(_), None) => write!(f, "extension {name}: missing"),
                (None, _) => write!(f, "extension {name}: not in the manifest"),
            },
            Self::Setting { name, expected, found } => {
                write!(
                    f,
                    "setting {name}: `{found}`, the manifest was taken with `{expected}`: checksums cannot be compared"
                )
            }
            Self::LargeObjects { expected, found } => {
                write!(f, "large objects: {found}, the manifest has {expected}")
            }
        }
    }
}

/// Is the result of a comparison.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// Everything that differs.
    pub differences: Vec<Difference>,
    /// How many tables were compared.
    pub compared: usize,
    /// Tables that were not compared, by name.
    pub not_compared: Vec<String>,
}

/// Compares what was found with what the manifest says.
///
/// With [`Extent::UpToWatermark`] the rows of `found` are those up to the manifest's watermarks, as
/// [`super::take`] counts them for that manifest.
pub fn compare(expected: &Manifest, found: &Manifest, extent: Extent) -> Comparison {
    let mut comparison = Comparison::default();
    let differences = &mut comparison.differences;
    for (name, value) in &expected.settings {
        let here = found.settings.get(name).cloned().unwrap_or_default();
        if here != *value {
            differences.push(Difference::Setting { name: name.clone(), expected: value.clone(), found: here });
        }
    }
    let kinds: std::collections::BTreeSet<&String> = expected.schema.0.keys().chain(found.schema.0.keys()).collect();
    for kind in kinds {
        if expected.schema.0.get(kind) != found.schema.0.get(kind) {
            differences.push(Difference::Schema { kind: kind.clone() });
        }
    }
    let versions = |manifest: &Manifest| -> BTreeMap<String, String> {
        manifest.extensions.iter().map(|extension| (extension.name.clone(), extension.version.clone())).collect()
    };
    let (mut here, there) = (versions(found), versions(expected));
    for (name, version) in there {
        let found = here.remove(&name);
        if found.as_ref() != Some(&version) {
            differences.push(Difference::Extension { name, expected: Some(version), found });
        }
    }
    for (name, version) in here {
        differences.push(Difference::Extension { name, expected: None, found: Some(version) });
    }
    sequences(expected, found, differences);
    if extent == Extent::Whole && expected.large_objects != found.large_objects {
        let (expected, found) = (expected.large_objects, found.large_objects);
        differences.push(Difference::LargeObjects { expected, found });
    }
    tables(expected, found, extent, &mut comparison);
    comparison
}

/// A restored sequence may be ahead: PostgreSQL logs it some values in advance. One behind gives out values again.
fn sequences(expected: &Manifest, found: &Manifest, differences: &mut Vec<Difference>) {
    let here: BTreeMap<&String, Option<i64>> =
        found.sequences.iter().map(|sequence| (&sequence.name, sequence.last_value)).collect();
    for sequence in &expected.sequences {
        let now = here.get(&sequence.name).copied();
        if now.is_none_or(|now| now < sequence.last_value) {
            differences.push(Difference::SequenceBehind {
                sequence: sequence.name.clone(),
                expected: sequence.last_value,
                found: now.flatten(),
            });
        }
    }
}

fn tables(expected: &Manifest, found: &Manifest, extent: Extent, comparison: &mut Comparison) {
    let mut here: BTreeMap<&str, &Table> = found.tables.iter().map(|table| (table.name.as_str(), table)).collect();
    for table in &expected.tables {
        let name = || table.name.clone();
        let Some(now) = here.remove(table.name.as_str()) else {
            comparison.differences.push(Difference::TableMissing { table: name() });
            continue;
        };
        let bounded = table.watermark.as_ref().is_some_and(|watermark| watermark.value.is_some());
        if extent == Extent::UpToWatermark && !bounded {
            comparison.not_compared.push(name());
            continue;
        }
        comparison.compared += 1;
        if now.rows != table.rows {
            let (expected, found) = (table.rows, now.rows);
            comparison.differences.push(Difference::Rows { table: name(), expected, found });
        } else if now.checksum != table.checksum {
            comparison.differences.push(Difference::Contents { table: name() });
        }
    }
    for name in here.into_keys() {
        comparison.differences.push(Difference::TableUnknown { table: name.to_owned() });
    }
}

#[cfg(test)]
mod tests {
    use super::super::manifest::{Extension, Sequence, Watermark};
    use super::*;

    fn table(name: &str, rows: u64, checksum: &str, watermark: Option<&str>) -> Table {
        Table {
            name: name.to_owned(),
            rows,
            checksum: checksum.to_owned(),
            watermark: watermark.map(|value| Watermark { column: "id".to_owned(), value: Some(value.to_owned()) }),
        }
    }

    fn manifest(tables: Vec<Table>) -> Manifest {
        Manifest { tables, ..Manifest::new("shop") }
    }

    #[test]
    fn a_copy_has_no_differences() {
        let one = manifest(vec![table("a", 3, "7", None)]);
        let comparison = compare(&one, &one, Extent::Whole);
        assert_eq!((comparison.compared, comparison.differences), (1, vec![]));
    }

    #[test]
    fn every_table_that_differs_is_named() {
        let expected = manifest(vec![table("a", 3, "7", None), table("b", 3, "7", None), table("c", 1, "1", None)]);
        let found = manifest(vec![table("a", 2, "5", None), table("b", 3, "8", None), table("d", 0, "0", None)]);
        let words: Vec<String> =
            compare(&expected, &found, Extent::Whole).differences.iter().map(ToString::to_string).collect();
        assert_eq!(
            words,
            [
                "table a: 2 rows, the manifest has 3",
                "table b: as many rows, other contents",
                "table c: missing",
                "table d: not in the manifest"
            ]
        );
    }

    #[test]
    fn up_to_the_watermark_other_tables_are_not_compared() {
        let expected = manifest(vec![table("orders", 3, "7", Some("3")), table("stock", 9, "9", None)]);
        let found = manifest(vec![table("orders", 3, "7", Some("3")), table("stock", 8, "1", None)]);
        let comparison = compare(&expected, &found, Extent::UpToWatermark);
        assert_eq!((comparison.differences, comparison.compared), (vec![], 1));
        assert_eq!(comparison.not_compared, ["stock"]);
    }

    #[test]
    fn a_sequence_may_be_ahead_and_not_behind() {
        let at = |value| Manifest {
            sequences: vec![Sequence { name: "s".to_owned(), last_value: value }],
            ..Manifest::new("shop")
        };
        let differs = |expected, found| !compare(&at(expected), &at(found), Extent::Whole).differences.is_empty();
        assert!(!differs(Some(10), Some(42)) && !differs(None, Some(1)) && !differs(Some(3), Some(3)));
        assert!(differs(Some(10), Some(9)) && differs(Some(1), None));
        assert_eq!(compare(&at(Some(1)), &Manifest::new("shop"), Extent::Whole).differences.len(), 1);
    }

    #[test]
    fn versions_settings_and_structure_count() {
        let mut expected = Manifest::new("shop");
        let mut found = Manifest::new("shop");
        let extension = |name: &str, version: &str| Extension { name: name.to_owned(), version: version.to_owned() };
        expected.extensions = vec![extension("a", "1.0"), extension("b", "1.0")];
        found.extensions = vec![extension("a", "1.1"), extension("c", "1.0")];
        expected.settings.insert("TimeZone".to_owned(), "UTC".to_owned());
        let kind = crate::kernel::sha256_hex(b"x");
        found.schema.0.insert("indexes".to_owned(), kind);
        let words: Vec<String> =
            compare(&expected, &found, Extent::Whole).differences.iter().map(ToString::to_string).collect();
        assert_eq!(
            words,
            [
                "setting TimeZone: ``, the manifest was taken with `UTC`: checksums cannot be compared",
                "structure: other indexes",
                "extension a: version 1.1, the manifest has 1.0",
                "extension b: missing",
                "extension c: not in the manifest"
            ]
        );
    }
}
