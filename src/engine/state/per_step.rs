//! One value for each step of the plan, in a copy of which only what it changes takes room: a decision late in a long runbook
//! costs what an early one does.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Holds one value for each step, in the plan's order.
#[derive(Clone, Debug)]
pub struct PerStep<T> {
    all: Arc<Vec<T>>,
    /// In a sketch: what differs there from what all share.
    changed: Option<BTreeMap<usize, T>>,
}

impl<T: Clone> PerStep<T> {
    /// Returns how many steps there are.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Tells whether there are none.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Returns the value of a step.
    pub fn get(&self, step: usize) -> Option<&T> {
        self.changed.as_ref().and_then(|changed| changed.get(&step)).or_else(|| self.all.get(step))
    }

    /// Returns the value of a step, to be changed.
    pub(in crate::engine) fn get_mut(&mut self, step: usize) -> Option<&mut T> {
        match &mut self.changed {
            None => Arc::make_mut(&mut self.all).get_mut(step),
            Some(changed) => {
                let shared = self.all.get(step)?;
                Some(changed.entry(step).or_insert_with(|| shared.clone()))
            }
        }
    }

    /// Returns the values of these steps.
    pub fn range(&self, steps: Range<usize>) -> impl Iterator<Item = &T> + Clone {
        (steps.start..steps.end.min(self.len())).filter_map(|step| self.get(step))
    }

    /// Returns all values.
    pub fn iter(&self) -> impl Iterator<Item = &T> + Clone {
        self.range(0..self.len())
    }

    /// Returns a copy that shares what it does not change.
    pub(in crate::engine) fn sketch(&self) -> Self {
        Self { all: Arc::clone(&self.all), changed: Some(self.changed.clone().unwrap_or_default()) }
    }
}

impl<T> From<Vec<T>> for PerStep<T> {
    fn from(all: Vec<T>) -> Self {
        Self { all: Arc::new(all), changed: None }
    }
}

impl<T: Clone + PartialEq> PartialEq for PerStep<T> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl<T: Clone + Serialize> Serialize for PerStep<T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(self.iter())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for PerStep<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Vec::deserialize(from).map(Self::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sketch_changes_nothing_but_itself() {
        let mut real = PerStep::from(vec![1, 2, 3]);
        let mut sketch = real.sketch();
        *sketch.get_mut(1).unwrap() = 20;
        assert_eq!(sketch.get_mut(3), None);
        *real.get_mut(0).unwrap() = 10;
        assert_eq!(real, PerStep::from(vec![10, 2, 3]));
        assert_eq!(sketch.sketch(), PerStep::from(vec![1, 20, 3]), "and what the real one becomes is not seen");
        assert_eq!(sketch.range(1..9).copied().collect::<Vec<_>>(), [20, 3]);
        let put_away = serde_json::to_string(&sketch).unwrap();
        assert_eq!(put_away, "[1,20,3]");
        assert_eq!(serde_json::from_str::<PerStep<i32>>(&put_away).unwrap(), sketch);
    }
}
