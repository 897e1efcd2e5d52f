-- number
-- 1: Int Constant(Int(7))
-- 2: Text Constant(Text("number"))
-- 3: Uuid Session(Tenant)
-- columns: []
INSERT INTO fh_counter (entity, field, tenant, value) VALUES (?1, ?2, ?3, CASE WHEN EXISTS (SELECT 1
FROM "fh_counter"
WHERE "entity" = ?1 AND "field" = ?2 AND "tenant" = ?3) THEN 0 ELSE 1 + COALESCE((SELECT MAX("number")
FROM "ticket"
WHERE "tenant_id" = ?3), 0) END) ON CONFLICT (entity, field, tenant) DO UPDATE SET value = fh_counter.value + 1;

-- judge
-- 1: Uuid Constant(Uuid(018bcfe5-6800-8009-8000-000000000001))
-- 2: BigInt Constant(Int(1))
-- 3: DateTime Session(Now)
-- 4: DateTime Session(Now)
-- 5: Uuid Session(User)
-- 6: Uuid Session(User)
-- 7: Uuid Session(User)
-- 8: Uuid Session(Tenant)
-- 9: Text Constant(Text("Help"))
-- 10: Text Constant(Text("new"))
-- 11: Text Constant(Text("urgent"))
-- 12: Decimal Constant(Null)
-- 13: Int Constant(Null)
-- 14: TextList Constant(Null)
-- 15: Json Constant(Null)
-- 16: Date Constant(Null)
-- 17: Int Constant(Int(7))
-- 18: Text Constant(Text("number"))
-- 19: Uuid Session(Tenant)
-- 20: Text Constant(Text("asked"))
-- 21: Uuid Constant(Null)
-- 22: Uuid Session(User)
-- 23: Uuid Constant(Null)
-- 24: Uuid Constant(Null)
-- 25: Uuid Constant(Null)
-- 26: Uuid Session(Tenant)
-- 27: Text Constant(Text("forbidden"))
-- 28: Uuid Session(User)
-- columns: [Boolean, Boolean]
SELECT TRUE IS TRUE, ("n1"."tenant_id" = ?26 AND ("n1"."subject" <> ?27 AND ("n1"."owner_id" = ?28 OR EXISTS(SELECT 1
FROM "team_member" AS "r2"
WHERE "r2"."team_id" = "n1"."team_id" AND ("r2"."tenant_id" = ?26 AND "r2"."member_id" = ?28))))) IS TRUE
FROM (SELECT ?1 AS "id", ?2 AS "version", ?3 AS "created_at", ?4 AS "updated_at", ?5 AS "owner_id", ?6 AS "created_by_id", ?7 AS "updated_by_id", ?8 AS "tenant_id", ?9 AS "subject", ?10 AS "status", ?11 AS "priority", ?12 COLLATE fh_decimal AS "hours", ?13 AS "effort", ?14 AS "labels", ?15 AS "extra", ?16 AS "due", (SELECT CAST("value" AS integer)
FROM "fh_counter"
WHERE "entity" = ?17 AND "field" = ?18 AND "tenant" = ?19) AS "number", ?20 AS "note", ?21 AS "team_id", ?22 AS "requester_id", ?23 AS "editor_id", ?24 AS "category_id", ?25 AS "duplicate_of_id") AS "n1";

-- write
-- 1: Uuid Constant(Uuid(018bcfe5-6800-8009-8000-000000000001))
-- 2: BigInt Constant(Int(1))
-- 3: DateTime Session(Now)
-- 4: DateTime Session(Now)
-- 5: Uuid Session(User)
-- 6: Uuid Session(User)
-- 7: Uuid Session(User)
-- 8: Uuid Session(Tenant)
-- 9: Text Constant(Text("Help"))
-- 10: Text Constant(Text("new"))
-- 11: Text Constant(Text("urgent"))
-- 12: Decimal Constant(Null)
-- 13: Int Constant(Null)
-- 14: TextList Constant(Null)
-- 15: Json Constant(Null)
-- 16: Date Constant(Null)
-- 17: Int Constant(Int(7))
-- 18: Text Constant(Text("number"))
-- 19: Uuid Session(Tenant)
-- 20: Text Constant(Text("asked"))
-- 21: Uuid Constant(Null)
-- 22: Uuid Session(User)
-- 23: Uuid Constant(Null)
-- 24: Uuid Constant(Null)
-- 25: Uuid Constant(Null)
-- columns: []
INSERT INTO "ticket" ("id", "version", "created_at", "updated_at", "owner_id", "created_by_id", "updated_by_id", "tenant_id", "subject", "status", "priority", "hours", "effort", "labels", "extra", "due", "number", "note", "team_id", "requester_id", "editor_id", "category_id", "duplicate_of_id")
SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, (SELECT CAST("value" AS integer)
FROM "fh_counter"
WHERE "entity" = ?17 AND "field" = ?18 AND "tenant" = ?19), ?20, ?21, ?22, ?23, ?24, ?25;

-- whole
-- 1: Uuid Constant(Uuid(018bcfe5-6800-8009-8000-000000000001))
-- 2: BigInt Constant(Int(1))
-- 3: DateTime Session(Now)
-- 4: DateTime Session(Now)
-- 5: Uuid Session(User)
-- 6: Uuid Session(User)
-- 7: Uuid Session(User)
-- 8: Uuid Session(Tenant)
-- 9: Text Constant(Text("Help"))
-- 10: Text Constant(Text("new"))
-- 11: Text Constant(Text("urgent"))
-- 12: Decimal Constant(Null)
-- 13: Int Constant(Null)
-- 14: TextList Constant(Null)
-- 15: Json Constant(Null)
-- 16: Date Constant(Null)
-- 17: Int Constant(Int(7))
-- 18: Text Constant(Text("number"))
-- 19: Uuid Session(Tenant)
-- 20: Text Constant(Text("asked"))
-- 21: Uuid Constant(Null)
-- 22: Uuid Session(User)
-- 23: Uuid Constant(Null)
-- 24: Uuid Constant(Null)
-- 25: Uuid Constant(Null)
-- 26: Uuid Session(Tenant)
-- 27: Text Constant(Text("forbidden"))
-- 28: Uuid Session(User)
-- columns: []
INSERT INTO "ticket" ("id", "version", "created_at", "updated_at", "owner_id", "created_by_id", "updated_by_id", "tenant_id", "subject", "status", "priority", "hours", "effort", "labels", "extra", "due", "number", "note", "team_id", "requester_id", "editor_id", "category_id", "duplicate_of_id")
SELECT "n1"."id", "n1"."version", "n1"."created_at", "n1"."updated_at", "n1"."owner_id", "n1"."created_by_id", "n1"."updated_by_id", "n1"."tenant_id", "n1"."subject", "n1"."status", "n1"."priority", "n1"."hours", "n1"."effort", "n1"."labels", "n1"."extra", "n1"."due", "n1"."number", "n1"."note", "n1"."team_id", "n1"."requester_id", "n1"."editor_id", "n1"."category_id", "n1"."duplicate_of_id"
FROM (SELECT ?1 AS "id", ?2 AS "version", ?3 AS "created_at", ?4 AS "updated_at", ?5 AS "owner_id", ?6 AS "created_by_id", ?7 AS "updated_by_id", ?8 AS "tenant_id", ?9 AS "subject", ?10 AS "status", ?11 AS "priority", ?12 COLLATE fh_decimal AS "hours", ?13 AS "effort", ?14 AS "labels", ?15 AS "extra", ?16 AS "due", (SELECT CAST("value" AS integer)
FROM "fh_counter"
WHERE "entity" = ?17 AND "field" = ?18 AND "tenant" = ?19) AS "number", ?20 AS "note", ?21 AS "team_id", ?22 AS "requester_id", ?23 AS "editor_id", ?24 AS "category_id", ?25 AS "duplicate_of_id") AS "n1"
WHERE "n1"."tenant_id" = ?26 AND ("n1"."subject" <> ?27 AND ("n1"."owner_id" = ?28 OR EXISTS(SELECT 1
FROM "team_member" AS "r2"
WHERE "r2"."team_id" = "n1"."team_id" AND ("r2"."tenant_id" = ?26 AND "r2"."member_id" = ?28))));

