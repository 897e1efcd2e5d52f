//! tmp
use freehold_schema::source::*;
fn walk(root:&std::path::Path, dir:&std::path::Path, out:&mut Vec<SourceFile>){ for e in std::fs::read_dir(dir).unwrap(){let p=e.unwrap().path(); if p.is_dir(){walk(root,&p,out)} else if let Ok(t)=std::fs::read_to_string(&p){ out.push(SourceFile{name:p.strip_prefix(root).unwrap().to_string_lossy().into(),text:t})}}}
fn main(){ let d=std::path::PathBuf::from(std::env::args().nth(1).unwrap()); let mut f=vec![]; walk(&d,&d,&mut f); let s=Sources::new(f);
 let t=std::time::Instant::now(); let c=freehold_schema::compile(&s); let e=t.elapsed();
 println!("{}", freehold_schema::diagnostic::render(&c.diagnostics,&s,false)); println!("{:?} {}", e, c.catalog.is_some()); if std::env::args().nth(2).is_some(){println!("{:#?}",c.catalog);} }
