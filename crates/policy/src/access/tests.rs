use crate::world;

#[test]
fn dump() {
    for app in ["helpdesk", "blog"] {
        let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(app);
        let mut files = Vec::new();
        fn walk(root: &std::path::Path, dir: &std::path::Path, files: &mut Vec<freehold_schema::source::SourceFile>) {
            for e in std::fs::read_dir(dir).unwrap() {
                let p = e.unwrap().path();
                if p.is_dir() { walk(root, &p, files) } else if p.extension().is_some_and(|x| x == "yaml") {
                    files.push(freehold_schema::source::SourceFile { name: p.strip_prefix(root).unwrap().to_str().unwrap().into(), text: std::fs::read_to_string(&p).unwrap() });
                }
            }
        }
        walk(&dir, &dir, &mut files);
        let sources = freehold_schema::source::Sources::new(files);
        let compiled = freehold_schema::compile(&sources);
        for f in compiled.diagnostics.sorted() { println!("SCHEMA {:?} {} {}", f.place(&sources), f.check, f.message); }
        let Some(catalog) = compiled.catalog else { continue };
        let mut d = freehold_schema::diagnostic::Diagnostics::default();
        let policy = crate::Policy::check(&catalog, &mut d);
        for f in d.sorted() { println!("POLICY {:?} {} {} {:?}", f.place(&sources), f.check, f.message, f.hint); }
        let Some(policy) = policy else { continue };
        for e in catalog.entities.values() {
            println!("{} gate read: {}", e.name, crate::explain::explain(&catalog, e.id, &policy.gate(e.id).read));
            println!("{} gate write: {}", e.name, crate::explain::explain(&catalog, e.id, &policy.gate(e.id).write));
        }
        for (e, f) in policy.required_indexes(&catalog) { println!("index {} {:?}", catalog.entity(e).name, f.iter().map(|f| catalog.field(e, *f).name.as_str()).collect::<Vec<_>>()); }
        let mut sets = vec![(catalog.anonymous_profile.clone(), None)];
        for r in catalog.roles.keys() { sets.push((catalog.default_profile.clone(), Some(r.clone()))); }
        if catalog.roles.is_empty() { for p in catalog.profiles.keys() { sets.push((Some(p.clone()), None)); } }
        for (i, (p, r)) in sets.into_iter().enumerate() {
            let rs = crate::RoleSet { profile: p.clone(), roles: r.iter().cloned().collect(), signed_in: i > 0, member: i > 0 };
            println!("==== {rs:?}");
            let a = super::Access::reduce(&catalog, &policy, &rs);
            for e in catalog.entities.values() {
                for (n, s) in [("list", a.list(e.id)), ("read", a.read(e.id))] {
                    let Some(s) = s else { continue };
                    println!("{} {n}: {}", e.name, crate::explain::explain(&catalog, e.id, s.rows()));
                    for f in s.readable_fields() {
                        println!("    {} {}", catalog.field(e.id, f.id()).name, match s.guard(f.id()).unwrap() { crate::source::Guard::Open => "open".into(), crate::source::Guard::When(p) => crate::explain::explain(&catalog, e.id, p) });
                    }
                    for (o, p) in &s.guards.can { println!("    can {o:?} {}", crate::explain::explain(&catalog, e.id, p)); }
                    for (o, p) in &s.guards.writable { println!("    writable {} {}", catalog.field(e.id, *o).name, crate::explain::explain(&catalog, e.id, p)); }
                }
            }
        }
    }
    let _ = world::policy;
}
