-- lock
-- 1: Uuid Constant(Uuid(018bcfe5-6800-8009-8000-000000000005))
-- 2: Uuid Session(Tenant)
-- columns: []
SELECT 1
FROM "ticket"
WHERE "tenant_id" = $2 AND "id" = $1 FOR NO KEY UPDATE;

-- judge
-- 1: Uuid Constant(Uuid(018bcfe5-6800-8009-8000-000000000005))
-- 2: Uuid Session(Tenant)
-- 3: Text Constant(Text("solved"))
-- 4: Uuid Constant(Uuid(018bcfe5-6800-8009-8000-000000000005))
-- 5: Uuid Session(User)
-- 6: Text Constant(Text("new"))
-- 7: Text Constant(Text("open"))
-- columns: [BigInt, Boolean, Boolean, Boolean]
SELECT "b1"."version", ("b1"."tenant_id" = $2 AND ("b1"."owner_id" = $5 OR (EXISTS(SELECT 1
FROM "team_member" AS "r4"
WHERE "r4"."team_id" = "b1"."team_id" AND ("r4"."tenant_id" = $2 AND "r4"."member_id" = $5)) OR "b1"."requester_id" = $5))) IS TRUE, ("b1"."tenant_id" = $2 AND ("b1"."status" IN ($6, $7) AND ("b1"."owner_id" = $5 OR EXISTS(SELECT 1
FROM "team_member" AS "r5"
WHERE "r5"."team_id" = "b1"."team_id" AND ("r5"."tenant_id" = $2 AND "r5"."member_id" = $5))))) IS TRUE, ("n2"."tenant_id" = $2 AND "n2"."status" <> "b1"."status") IS TRUE
FROM "ticket" AS "b1", (SELECT "r3"."id" AS "id", "r3"."version" AS "version", "r3"."created_at" AS "created_at", "r3"."updated_at" AS "updated_at", "r3"."owner_id" AS "owner_id", "r3"."created_by_id" AS "created_by_id", "r3"."updated_by_id" AS "updated_by_id", "r3"."tenant_id" AS "tenant_id", "r3"."subject" AS "subject", $3 COLLATE "C" AS "status", "r3"."priority" AS "priority", "r3"."hours" AS "hours", "r3"."effort" AS "effort", "r3"."labels" AS "labels", "r3"."extra" AS "extra", "r3"."due" AS "due", "r3"."number" AS "number", "r3"."note" AS "note", "r3"."team_id" AS "team_id", "r3"."requester_id" AS "requester_id", "r3"."editor_id" AS "editor_id", "r3"."category_id" AS "category_id", "r3"."duplicate_of_id" AS "duplicate_of_id"
FROM "ticket" AS "r3"
WHERE "r3"."tenant_id" = $2 AND "r3"."id" = $4) AS "n2"
WHERE "b1"."tenant_id" = $2 AND "b1"."id" = $1 AND "n2"."id" = "b1"."id";

-- write
-- 1: Text Constant(Text("solved"))
-- 2: DateTime Session(Now)
-- 3: Uuid Session(User)
-- 4: Uuid Constant(Uuid(018bcfe5-6800-8009-8000-000000000005))
-- 5: Uuid Session(Tenant)
-- columns: []
UPDATE "ticket" SET "status" = $1, "version" = "version" + 1, "updated_at" = $2, "updated_by_id" = $3
WHERE "tenant_id" = $5 AND "id" = $4;

-- whole
-- 1: Text Constant(Text("solved"))
-- 2: DateTime Session(Now)
-- 3: Uuid Session(User)
-- 4: Uuid Constant(Uuid(018bcfe5-6800-8009-8000-000000000005))
-- 5: Uuid Session(Tenant)
-- 6: Text Constant(Text("solved"))
-- 7: Text Constant(Text("new"))
-- 8: Text Constant(Text("open"))
-- columns: [Int]
WITH w AS (UPDATE "ticket" AS "b1" SET "status" = $1, "version" = "version" + 1, "updated_at" = $2, "updated_by_id" = $3
WHERE "b1"."tenant_id" = $5 AND "b1"."id" = $4 AND EXISTS(SELECT 1
FROM (SELECT "b1"."id" AS "id", "b1"."version" AS "version", "b1"."created_at" AS "created_at", "b1"."updated_at" AS "updated_at", "b1"."owner_id" AS "owner_id", "b1"."created_by_id" AS "created_by_id", "b1"."updated_by_id" AS "updated_by_id", "b1"."tenant_id" AS "tenant_id", "b1"."subject" AS "subject", $6 COLLATE "C" AS "status", "b1"."priority" AS "priority", "b1"."hours" AS "hours", "b1"."effort" AS "effort", "b1"."labels" AS "labels", "b1"."extra" AS "extra", "b1"."due" AS "due", "b1"."number" AS "number", "b1"."note" AS "note", "b1"."team_id" AS "team_id", "b1"."requester_id" AS "requester_id", "b1"."editor_id" AS "editor_id", "b1"."category_id" AS "category_id", "b1"."duplicate_of_id" AS "duplicate_of_id") AS "n2"
WHERE "b1"."tenant_id" = $5 AND ("b1"."owner_id" = $3 OR (EXISTS(SELECT 1
FROM "team_member" AS "r3"
WHERE "r3"."team_id" = "b1"."team_id" AND ("r3"."tenant_id" = $5 AND "r3"."member_id" = $3)) OR "b1"."requester_id" = $3)) AND ("b1"."tenant_id" = $5 AND ("b1"."status" IN ($7, $8) AND ("b1"."owner_id" = $3 OR EXISTS(SELECT 1
FROM "team_member" AS "r4"
WHERE "r4"."team_id" = "b1"."team_id" AND ("r4"."tenant_id" = $5 AND "r4"."member_id" = $3)))) AND ("n2"."tenant_id" = $5 AND "n2"."status" <> "b1"."status")))
RETURNING 1)
SELECT 1 / (SELECT count(*)
FROM w)::int4;

