//! Queries whose rows describe the structure of a database, a kind of object each, in an order of their own.
//!
//! What belongs to an extension is left out: its version stands for it. Owners and privileges are left out, too: they name
//! roles of a whole server, and a copy may have others.

/// Kinds of object, and the query that describes all of that kind. `search_path` holds nothing but `pg_catalog`, so that
/// every name comes with its schema.
pub(super) const QUERIES: &[(&str, &str)] = &[
    (
        "columns",
        "SELECT n.nspname, c.relname, c.relkind, c.relpersistence, a.attname, format_type(a.atttypid, a.atttypmod), \
     a.attnotnull, a.attidentity, pg_get_expr(d.adbin, d.adrelid), l.collname \
     FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace \
     LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum \
     LEFT JOIN pg_collation l ON l.oid = a.attcollation \
     WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'f', 'm', 'v', 'c') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' \
     AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e') \
     ORDER BY n.nspname COLLATE \"C\", c.relname COLLATE \"C\", a.attnum",
    ),
    (
        "constraints",
        "SELECT n.nspname, k.conrelid::regclass, k.contypid::regtype, k.conname, k.convalidated, pg_get_constraintdef(k.oid) \
     FROM pg_constraint k JOIN pg_namespace n ON n.oid = k.connamespace \
     WHERE k.contype <> 'n' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_class'::regclass AND e.objid = k.conrelid AND e.deptype = 'e') \
     ORDER BY n.nspname COLLATE \"C\", k.conrelid::regclass::text COLLATE \"C\", k.contypid::regtype::text COLLATE \"C\", \
     k.conname COLLATE \"C\"",
    ),
    (
        "indexes",
        "SELECT pg_get_indexdef(i.indexrelid), i.indisvalid \
     FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace \
     WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e') \
     ORDER BY pg_get_indexdef(i.indexrelid) COLLATE \"C\"",
    ),
    (
        "views",
        "SELECT n.nspname, c.relname, c.relkind, pg_get_viewdef(c.oid) \
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
     WHERE c.relkind IN ('v', 'm') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e') \
     ORDER BY n.nspname COLLATE \"C\", c.relname COLLATE \"C\"",
    ),
    (
        "functions",
        "SELECT n.nspname, p.proname, pg_get_function_identity_arguments(p.oid), pg_get_function_result(p.oid), l.lanname, \
     p.prosrc, p.provolatile, p.prosecdef, p.proisstrict, p.proconfig \
     FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_language l ON l.oid = p.prolang \
     WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_proc'::regclass AND e.objid = p.oid AND e.deptype = 'e') \
     ORDER BY n.nspname COLLATE \"C\", p.proname COLLATE \"C\", pg_get_function_identity_arguments(p.oid) COLLATE \"C\"",
    ),
    (
        "triggers",
        "SELECT pg_get_triggerdef(g.oid), g.tgenabled \
     FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace \
     WHERE NOT g.tgisinternal AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e') \
     ORDER BY pg_get_triggerdef(g.oid) COLLATE \"C\"",
    ),
    (
        "types",
        "SELECT n.nspname, t.typname, t.typtype, format_type(t.typbasetype, t.typtypmod), t.typnotnull, t.typdefault, v.enumlabel \
     FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace LEFT JOIN pg_enum v ON v.enumtypid = t.oid \
     WHERE t.typtype IN ('e', 'd', 'r') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_type'::regclass AND e.objid = t.oid AND e.deptype = 'e') \
     ORDER BY n.nspname COLLATE \"C\", t.typname COLLATE \"C\", v.enumsortorder",
    ),
    (
        "policies",
        "SELECT n.nspname, c.relname, c.relforcerowsecurity, y.polname, y.polcmd, y.polpermissive, \
     pg_get_expr(y.polqual, y.polrelid), pg_get_expr(y.polwithcheck, y.polrelid) \
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_policy y ON y.polrelid = c.oid \
     WHERE c.relrowsecurity AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e') \
     ORDER BY n.nspname COLLATE \"C\", c.relname COLLATE \"C\", y.polname COLLATE \"C\"",
    ),
];
