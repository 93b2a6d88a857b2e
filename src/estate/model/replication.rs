//! Replication between buckets: what is put arrives after a while; markers and deletions of versions never do.

use super::bucket::Copying;
use super::time::{Moment, SECOND};
use super::world::World;

/// Is one version on its way to the other bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnderWay {
    /// When it arrives, if both regions are up then.
    pub due: Moment,
    /// The bucket it was put into.
    pub bucket: String,
    /// Its key.
    pub key: String,
    /// Its id, there and here.
    pub id: String,
}

impl World {
    /// Notes that a version was put into a bucket; it goes on its way where the bucket is replicated.
    pub fn replicate_object(&mut self, bucket: &str, key: &str, id: &str) {
        let replicated = self.bucket(bucket).is_some_and(|bucket| bucket.replicates_to.is_some());
        if !replicated {
            return;
        }
        let name = format!("copy/{bucket}/{id}");
        let due = self.now().plus(self.seed.millis(&name, 5 * SECOND, 60 * SECOND));
        if let Some(version) = self.bucket_mut(bucket).and_then(|bucket| bucket.version_mut(key, Some(id))) {
            version.copying = Some(Copying::Pending);
        }
        let (bucket, key, id) = (bucket.to_owned(), key.to_owned(), id.to_owned());
        self.copies.push(UnderWay { due, bucket, key, id });
    }

    /// Lets arrive what is due. With a region down it waits, and goes on when that is back.
    pub(super) fn replicate_objects(&mut self) {
        let now = self.now();
        if !self.copies.iter().any(|copy| copy.due <= now) {
            return;
        }
        let all = std::mem::take(&mut self.copies);
        for copy in all {
            let target = self.bucket(&copy.bucket).and_then(|bucket| bucket.replicates_to.clone());
            let open = |name: &str| self.bucket(name).is_some_and(|bucket| self.is_up(bucket.region));
            let can = target.as_deref().is_some_and(|target| open(target) && open(&copy.bucket));
            if copy.due > now || !can {
                if target.is_some() {
                    self.copies.push(copy);
                }
                continue;
            }
            let source = self.bucket_mut(&copy.bucket).and_then(|bucket| bucket.version_mut(&copy.key, Some(&copy.id)));
            let Some(source) = source else { continue };
            source.copying = Some(Copying::Completed);
            let object = source.object.clone();
            let target = target.and_then(|target| self.bucket_mut(&target));
            if let (Some(object), Some(target)) = (object, target)
                && target.has_room()
            {
                target.put_shared(&copy.key, copy.id.clone(), now, object);
                if let Some(version) = target.version_mut(&copy.key, Some(&copy.id)) {
                    version.copying = Some(Copying::Replica);
                }
            }
        }
    }
}
