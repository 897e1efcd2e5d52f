-- judge
-- 1: Uuid Constant(Uuid(018bcfe5-6800-8009-8000-000000000005))
-- 2: Uuid Session(Tenant)
-- 3: Text Constant(Text("Help"))
-- 4: Decimal Constant(Decimal(1.5))
-- 5: Int Constant(Int(3))
-- 6: Uuid Constant(Null)
-- 7: Uuid Session(User)
-- 8: Uuid Constant(Uuid(018bcfe5-6800-8009-8000-000000000005))
-- 9: Uuid Session(User)
-- 10: Text Constant(Text("solved"))
-- 11: Text Constant(Text("urgent"))
-- columns: [BigInt, Boolean, Boolean, Boolean]
SELECT "b1"."version", ("b1"."tenant_id" = ?2 AND ("b1"."owner_id" = ?9 OR (EXISTS(SELECT 1
FROM "team_member" AS "r4"
WHERE "r4"."team_id" = "b1"."team_id" AND ("r4"."tenant_id" = ?2 AND "r4"."member_id" = ?9)) OR "b1"."requester_id" = ?9))) IS TRUE, ("b1"."tenant_id" = ?2 AND ("b1"."status" <> ?10 AND ("b1"."owner_id" = ?9 OR EXISTS(SELECT 1
FROM "team_member" AS "r5"
WHERE "r5"."team_id" = "b1"."team_id" AND ("r5"."tenant_id" = ?2 AND "r5"."member_id" = ?9))))) IS TRUE, ("n2"."tenant_id" = ?2 AND ("n2"."effort" IS NULL OR ("n2"."effort" >= "b1"."effort" OR "n2"."priority" = ?11))) IS TRUE
FROM "ticket" AS "b1", (SELECT "r3"."id" AS "id", "r3"."version" AS "version", "r3"."created_at" AS "created_at", "r3"."updated_at" AS "updated_at", "r3"."owner_id" AS "owner_id", "r3"."created_by_id" AS "created_by_id", "r3"."updated_by_id" AS "updated_by_id", "r3"."tenant_id" AS "tenant_id", ?3 AS "subject", "r3"."status" AS "status", "r3"."priority" AS "priority", ?4 COLLATE fh_decimal AS "hours", ?5 AS "effort", "r3"."labels" AS "labels", "r3"."extra" AS "extra", "r3"."due" AS "due", "r3"."number" AS "number", "r3"."note" AS "note", ?6 AS "team_id", "r3"."requester_id" AS "requester_id", ?7 AS "editor_id", "r3"."category_id" AS "category_id", "r3"."duplicate_of_id" AS "duplicate_of_id"
FROM "ticket" AS "r3"
WHERE "r3"."tenant_id" = ?2 AND "r3"."id" = ?8) AS "n2"
WHERE "b1"."tenant_id" = ?2 AND "b1"."id" = ?1 AND "n2"."id" = "b1"."id";

-- write
-- 1: Text Constant(Text("Help"))
-- 2: Decimal Constant(Decimal(1.5))
-- 3: Int Constant(Int(3))
-- 4: Uuid Constant(Null)
-- 5: Uuid Session(User)
-- 6: DateTime Session(Now)
-- 7: Uuid Session(User)
-- 8: Uuid Constant(Uuid(018bcfe5-6800-8009-8000-000000000005))
-- 9: Uuid Session(Tenant)
-- columns: []
UPDATE "ticket" SET "subject" = ?1, "hours" = ?2, "effort" = ?3, "team_id" = ?4, "editor_id" = ?5, "version" = "version" + 1, "updated_at" = ?6, "updated_by_id" = ?7
WHERE "tenant_id" = ?9 AND "id" = ?8;

-- whole
-- 1: Text Constant(Text("Help"))
-- 2: Decimal Constant(Decimal(1.5))
-- 3: Int Constant(Int(3))
-- 4: Uuid Constant(Null)
-- 5: Uuid Session(User)
-- 6: DateTime Session(Now)
-- 7: Uuid Session(User)
-- 8: Uuid Constant(Uuid(018bcfe5-6800-8009-8000-000000000005))
-- 9: Uuid Session(Tenant)
-- 10: Text Constant(Text("Help"))
-- 11: Decimal Constant(Decimal(1.5))
-- 12: Int Constant(Int(3))
-- 13: Uuid Constant(Null)
-- 14: Uuid Session(User)
-- 15: Text Constant(Text("solved"))
-- 16: Text Constant(Text("urgent"))
-- 17: BigInt Constant(Int(2))
-- columns: []
UPDATE "ticket" AS "b1" SET "subject" = ?1, "hours" = ?2, "effort" = ?3, "team_id" = ?4, "editor_id" = ?5, "version" = "version" + 1, "updated_at" = ?6, "updated_by_id" = ?7
WHERE "b1"."tenant_id" = ?9 AND "b1"."id" = ?8 AND EXISTS(SELECT 1
FROM (SELECT "b1"."id" AS "id", "b1"."version" AS "version", "b1"."created_at" AS "created_at", "b1"."updated_at" AS "updated_at", "b1"."owner_id" AS "owner_id", "b1"."created_by_id" AS "created_by_id", "b1"."updated_by_id" AS "updated_by_id", "b1"."tenant_id" AS "tenant_id", ?10 AS "subject", "b1"."status" AS "status", "b1"."priority" AS "priority", ?11 COLLATE fh_decimal AS "hours", ?12 AS "effort", "b1"."labels" AS "labels", "b1"."extra" AS "extra", "b1"."due" AS "due", "b1"."number" AS "number", "b1"."note" AS "note", ?13 AS "team_id", "b1"."requester_id" AS "requester_id", ?14 AS "editor_id", "b1"."category_id" AS "category_id", "b1"."duplicate_of_id" AS "duplicate_of_id") AS "n2"
WHERE "b1"."tenant_id" = ?9 AND ("b1"."owner_id" = ?7 OR (EXISTS(SELECT 1
FROM "team_member" AS "r3"
WHERE "r3"."team_id" = "b1"."team_id" AND ("r3"."tenant_id" = ?9 AND "r3"."member_id" = ?7)) OR "b1"."requester_id" = ?7)) AND ("b1"."version" = ?17 AND ("b1"."tenant_id" = ?9 AND ("b1"."status" <> ?15 AND ("b1"."owner_id" = ?7 OR EXISTS(SELECT 1
FROM "team_member" AS "r4"
WHERE "r4"."team_id" = "b1"."team_id" AND ("r4"."tenant_id" = ?9 AND "r4"."member_id" = ?7)))) AND ("n2"."tenant_id" = ?9 AND ("n2"."effort" IS NULL OR ("n2"."effort" >= "b1"."effort" OR "n2"."priority" = ?16))))));

