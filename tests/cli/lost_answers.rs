//! Calls of a real run whose answer or request got lost on the way: what happens once, what is looked at, what is offered.

use serde_json::Value;

use super::estate::Estate;
use super::lossy::{Loss, Lossy};
use super::support::{Home, log, of_kind};
use super::talk::Talk;

/// Is a call that changes something, and the way in which a person meets its loss.
struct Case {
    call: &'static str,
    /// What a request of it is called on the way.
    operation: &'static str,
    /// What the look that settles it says where it happened.
    happened: &'static str,
    /// What it says where it did not.
    not_happened: &'static str,
}

const REPLICA: Case = Case {
    call: "aws rds promote-read-replica --region us-west-2 --db-instance-identifier shop-db-west",
    operation: "PromoteReadReplica",
    happened: "says `aws rds describe-db-instances`: it is no replica any more",
    not_happened: "says `aws rds describe-db-instances`: it is a replica of",
};
const SNAPSHOT: Case = Case {
    call: "aws rds create-db-snapshot --region us-east-1 --db-instance-identifier shop-db --db-snapshot-identifier kept",
    operation: "CreateDBSnapshot",
    happened: "says `aws rds describe-db-snapshots`: it is there",
    not_happened: "says `aws rds describe-db-snapshots`: it is not there",
};
const OBJECT: Case = Case {
    call: "aws s3api put-object --region us-west-2 --bucket shop-assets-us-west-2 --key latch/now --body said",
    operation: "PUT /shop-assets-us-west-2/latch/now",
    happened: "says `aws s3api head-object`: the object was written at",
    not_happened: "says `aws s3api head-object`: it is not there (404)",
};
/// One that lifeboat signs itself.
const SECRET: Case = Case {
    call: "aws secretsmanager delete-secret --region us-east-1 --secret-id shop/database --recovery-window-in-days 7",
    operation: "DeleteSecret",
    happened: "says `aws secretsmanager describe-secret`: it is about to be deleted",
    not_happened: "says `aws secretsmanager describe-secret`: it is not about to be deleted",
};

/// Is a home with a profile that leads to an estate over a way that loses something.
struct World {
    home: Home,
    way: Lossy,
    _estate: Estate,
}

impl World {
    fn new() -> Self {
        let home = Home::new();
        let estate = Estate::up(&home);
        let of = |name: &str| estate.env.iter().find(|(known, _)| known == name).unwrap().1.clone();
        let way = Lossy::before(&of("AWS_ENDPOINT_URL"));
        home.write(
            ".aws/config",
            format!(
                "[profile practice]\nendpoint_url = {}\nregion = us-west-2\naws_access_key_id = \
                 {}\naws_secret_access_key = {}\n",
                way.endpoint,
                of("AWS_ACCESS_KEY_ID"),
                of("AWS_SECRET_ACCESS_KEY")
            ),
        );
        home.write(
            "config/lifeboat/config.toml",
            "[profile.p]\naccount = \"000000000000\"\nregion = \"us-west-2\"\naws_profile = \"practice\"\n",
        );
        home.write("said", "hello");
        Self { home, way, _estate: estate }
    }

    /// Begins a real run of the call, which loses something, and waits until its look told.
    fn lost(&self, case: &Case, loss: Loss, told: &str) -> Talk {
        // However often it sets out.
        self.way.lose(loss, case.operation, usize::MAX);
        // What looks at the same place before leaves a connection open, on which the call sets out.
        let look = "aws rds describe-db-instances\naws s3api list-buckets\naws secretsmanager list-secrets";
        let call = case.call;
        let block = format!("{look}\n{call}");
        self.home.write("lost.md", format!("# Lost\n## Act\n```aws {{ name=act confirm=\"do it\" }}\n{block}\n```\n"));
        let mut talk = Talk::begin(&self.home, &["run", "lost.md", "--profile", "p", "--plain"]);
        let run = talk.number("run…");
        talk.answer(&run, "To run it, type  do it");
        talk.answer("do it", "step act FAILED");
        talk.wait("lifeboat looks whether attempt 1.1 happened");
        let said = talk.wait("attempt 1.1 ");
        assert!(said.contains(told), "{said}");
        assert!(self.way.was_on_an_old_connection(case.operation), "{call}");
        talk
    }

    /// The facts of the only run that is not over.
    fn facts(&self) -> Vec<Value> {
        let mut open = self.home.runs().into_iter().map(|run| log(&run)).filter(|log| of_kind(log, "ended").is_empty());
        open.next().unwrap()
    }

    fn marked_done(mut talk: Talk) {
        let mark = talk.number("mark done…");
        talk.type_in(&mark);
        talk.wait("Mark the step done:");
        talk.type_in("the look says so");
        talk.wait("verify: lifeboat log verify");
        assert_eq!(talk.end().0, Some(0));
    }
}

/// How the first attempt ended.
fn outcome(facts: &[Value]) -> &Value {
    &of_kind(facts, "attempt-finished").first().unwrap()["outcome"]
}

#[test]
fn a_call_whose_answer_got_lost_is_made_once_and_not_offered_again() {
    let world = World::new();
    for case in [SNAPSHOT, REPLICA, OBJECT, SECRET] {
        let mut talk = world.lost(&case, Loss::Answer, case.happened);
        let facts = world.facts();
        let end = outcome(&facts);
        assert_eq!(end["how"], "unreachable", "{end}");
        assert!(end["error"].as_str().unwrap().contains("whether AWS acted is not known"), "{end}");
        let looked = of_kind(&facts, "looked");
        assert_eq!((looked.len(), &looked[0]["seen"]), (1, &"happened".into()), "{looked:?}");
        let menu = talk.menu();
        assert!(!menu.iter().any(|offer| offer.starts_with("retry")), "{menu:?}");
        assert!(menu.iter().any(|offer| offer == "look again"), "{menu:?}");
        World::marked_done(talk);
        assert_eq!(world.way.count(case.operation), (1, 1), "{}: set out and arrived", case.call);
    }
}

#[test]
fn a_call_whose_request_got_lost_is_offered_again_and_made_once() {
    let world = World::new();
    for case in [SNAPSHOT, REPLICA, OBJECT, SECRET] {
        let mut talk = world.lost(&case, Loss::Request, case.not_happened);
        assert_eq!(world.way.count(case.operation), (1, 0), "{}: set out and arrived", case.call);
        let facts = world.facts();
        assert_eq!(outcome(&facts)["how"], "unreachable");
        assert_eq!(of_kind(&facts, "looked")[0]["seen"], "not-happened");
        world.way.mend();
        let retry = talk.number("retry");
        talk.answer(&retry, "To run it, type  do it");
        talk.answer("do it", "step act done");
        talk.wait("verify: lifeboat log verify");
        assert_eq!(talk.end().0, Some(0));
        assert_eq!(world.way.count(case.operation), (2, 1), "{}: set out and arrived", case.call);
    }
}

/// A region in trouble loses the look's answers, too. What was written stays written after the call however long that takes.
#[test]
fn a_look_that_is_answered_late_tells_the_same() {
    let world = World::new();
    world.way.lose(Loss::Answer, "HEAD /shop-assets-us-west-2/latch/now", 4);
    let talk = world.lost(&OBJECT, Loss::Answer, OBJECT.happened);
    assert_eq!(of_kind(&world.facts(), "looked").first().unwrap()["seen"], "happened");
    World::marked_done(talk);
    assert_eq!(world.way.count(OBJECT.operation), (1, 1));
}

/// What has the name of what was to be made, and was there before, was not made by the call.
#[test]
fn what_was_there_before_was_not_made_by_the_call() {
    const REPLICA_AGAIN: Case = Case {
        call: "aws rds create-db-instance-read-replica --region us-west-2 --db-instance-identifier shop-db-west \
               --source-db-instance-identifier arn:aws:rds:us-east-1:000000000000:db:shop-db",
        operation: "CreateDBInstanceReadReplica",
        happened: "",
        not_happened: "says `aws rds describe-db-instances`: one of that name is there since",
    };
    let world = World::new();
    let mut talk = world.lost(&REPLICA_AGAIN, Loss::Request, REPLICA_AGAIN.not_happened);
    assert_eq!(of_kind(&world.facts(), "looked").first().unwrap()["seen"], "not-happened");
    world.way.mend();
    let retry = talk.number("retry");
    talk.answer(&retry, "To run it, type  do it");
    talk.answer("do it", "DBInstanceAlreadyExists");
    talk.wait("Choose what to do.");
    assert_eq!(talk.stop(), Some(11));
}
