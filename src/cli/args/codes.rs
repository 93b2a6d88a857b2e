//! The exit codes as the help ends with them; `docs/exit-codes.md` has them in full.

pub(super) const EXIT_CODES: &str = "\
Exit codes: 0 done, recovered within the RTO · 1 problems found · 2 wrong usage · 3 the runbook can't run
10 recovered, but an objective was missed · 11 stopped by the operator · 12 not recovered
13 unattended, and a person is needed · 20 the log can't be written · 30 the terminal was lost · 70 a defect of lifeboat
`lifeboat log verify` has its own: 0 SEALED · 1 TAMPERED · 2 can't be read · 3 OPEN · 4 UNTRUSTED · 5 ANCHOR MISMATCH; `log audit` those, and 5 where a run is missing";
