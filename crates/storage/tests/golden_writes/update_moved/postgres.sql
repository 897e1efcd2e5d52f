-- lock
-- 1: Uuid Constant(Uuid(018bcfe5-6800-8009-8000-000000000005))
-- 2: Uuid Session(Tenant)
-- columns: []
SELECT 1
FROM "comment"
WHERE "tenant_id" = $2 AND "id" = $1 FOR NO KEY UPDATE;

-- judge
-- 1: Uuid Constant(Uuid(018bcfe5-6800-8009-8000-000000000005))
-- 2: Uuid Session(Tenant)
-- 3: Uuid Constant(Uuid(018bcfe5-6800-8007-8000-000000000005))
-- 4: Uuid Constant(Uuid(018bcfe5-6800-8009-8000-000000000005))
-- 5: Uuid Session(User)
-- 6: Uuid Constant(Uuid(018bcfe5-6800-8007-8000-000000000005))
-- columns: [BigInt, Boolean, Boolean, Boolean, Boolean]
SELECT "b1"."version", ("b1"."tenant_id" = $2 AND EXISTS(SELECT 1
FROM "ticket" AS "r4"
WHERE "r4"."id" = "b1"."ticket_id" AND ("r4"."tenant_id" = $2 AND ("r4"."owner_id" = $5 OR (EXISTS(SELECT 1
FROM "team_member" AS "r5"
WHERE "r5"."team_id" = "r4"."team_id" AND ("r5"."tenant_id" = $2 AND "r5"."member_id" = $5)) OR "r4"."requester_id" = $5))))) IS TRUE, ("b1"."tenant_id" = $2 AND EXISTS(SELECT 1
FROM "ticket" AS "r6"
WHERE "r6"."id" = "b1"."ticket_id" AND ("r6"."tenant_id" = $2 AND ("r6"."owner_id" = $5 OR EXISTS(SELECT 1
FROM "team_member" AS "r7"
WHERE "r7"."team_id" = "r6"."team_id" AND ("r7"."tenant_id" = $2 AND "r7"."member_id" = $5)))))) IS TRUE, ("n2"."tenant_id" = $2 AND EXISTS(SELECT 1
FROM "ticket" AS "r8"
WHERE "r8"."id" = "n2"."ticket_id" AND ("r8"."tenant_id" = $2 AND ("r8"."owner_id" = $5 OR EXISTS(SELECT 1
FROM "team_member" AS "r9"
WHERE "r9"."team_id" = "r8"."team_id" AND ("r9"."tenant_id" = $2 AND "r9"."member_id" = $5)))))) IS TRUE, EXISTS(SELECT 1
FROM "ticket" AS "r10"
WHERE "r10"."id" = $6 AND ("r10"."tenant_id" = $2 AND ("r10"."owner_id" = $5 OR (EXISTS(SELECT 1
FROM "team_member" AS "r11"
WHERE "r11"."team_id" = "r10"."team_id" AND ("r11"."tenant_id" = $2 AND "r11"."member_id" = $5)) OR "r10"."requester_id" = $5)))) IS TRUE
FROM "comment" AS "b1", (SELECT "r3"."id" AS "id", "r3"."version" AS "version", "r3"."created_at" AS "created_at", "r3"."updated_at" AS "updated_at", "r3"."owner_id" AS "owner_id", "r3"."created_by_id" AS "created_by_id", "r3"."updated_by_id" AS "updated_by_id", "r3"."tenant_id" AS "tenant_id", $3 AS "ticket_id", "r3"."body" AS "body", "r3"."internal" AS "internal"
FROM "comment" AS "r3"
WHERE "r3"."tenant_id" = $2 AND "r3"."id" = $4) AS "n2"
WHERE "b1"."tenant_id" = $2 AND "b1"."id" = $1 AND "n2"."id" = "b1"."id";

-- write
-- 1: Uuid Constant(Uuid(018bcfe5-6800-8007-8000-000000000005))
-- 2: DateTime Session(Now)
-- 3: Uuid Session(User)
-- 4: Uuid Constant(Uuid(018bcfe5-6800-8009-8000-000000000005))
-- 5: Uuid Session(Tenant)
-- columns: []
UPDATE "comment" SET "ticket_id" = $1, "version" = "version" + 1, "updated_at" = $2, "updated_by_id" = $3
WHERE "tenant_id" = $5 AND "id" = $4;

-- whole
-- 1: Uuid Constant(Uuid(018bcfe5-6800-8007-8000-000000000005))
-- 2: DateTime Session(Now)
-- 3: Uuid Session(User)
-- 4: Uuid Constant(Uuid(018bcfe5-6800-8009-8000-000000000005))
-- 5: Uuid Session(Tenant)
-- 6: Uuid Constant(Uuid(018bcfe5-6800-8007-8000-000000000005))
-- 7: Uuid Constant(Uuid(018bcfe5-6800-8007-8000-000000000005))
-- columns: [Int]
WITH w AS (UPDATE "comment" AS "b1" SET "ticket_id" = $1, "version" = "version" + 1, "updated_at" = $2, "updated_by_id" = $3
WHERE "b1"."tenant_id" = $5 AND "b1"."id" = $4 AND EXISTS(SELECT 1
FROM (SELECT "b1"."id" AS "id", "b1"."version" AS "version", "b1"."created_at" AS "created_at", "b1"."updated_at" AS "updated_at", "b1"."owner_id" AS "owner_id", "b1"."created_by_id" AS "created_by_id", "b1"."updated_by_id" AS "updated_by_id", "b1"."tenant_id" AS "tenant_id", $6 AS "ticket_id", "b1"."body" AS "body", "b1"."internal" AS "internal") AS "n2"
WHERE "b1"."tenant_id" = $5 AND EXISTS(SELECT 1
FROM "ticket" AS "r3"
WHERE "r3"."id" = "b1"."ticket_id" AND ("r3"."tenant_id" = $5 AND ("r3"."owner_id" = $3 OR (EXISTS(SELECT 1
FROM "team_member" AS "r4"
WHERE "r4"."team_id" = "r3"."team_id" AND ("r4"."tenant_id" = $5 AND "r4"."member_id" = $3)) OR "r3"."requester_id" = $3)))) AND ("b1"."tenant_id" = $5 AND EXISTS(SELECT 1
FROM "ticket" AS "r5"
WHERE "r5"."id" = "b1"."ticket_id" AND ("r5"."tenant_id" = $5 AND ("r5"."owner_id" = $3 OR EXISTS(SELECT 1
FROM "team_member" AS "r6"
WHERE "r6"."team_id" = "r5"."team_id" AND ("r6"."tenant_id" = $5 AND "r6"."member_id" = $3))))) AND ("n2"."tenant_id" = $5 AND EXISTS(SELECT 1
FROM "ticket" AS "r7"
WHERE "r7"."id" = "n2"."ticket_id" AND ("r7"."tenant_id" = $5 AND ("r7"."owner_id" = $3 OR EXISTS(SELECT 1
FROM "team_member" AS "r8"
WHERE "r8"."team_id" = "r7"."team_id" AND ("r8"."tenant_id" = $5 AND "r8"."member_id" = $3)))))) AND EXISTS(SELECT 1
FROM "ticket" AS "r9"
WHERE "r9"."id" = $7 AND ("r9"."tenant_id" = $5 AND ("r9"."owner_id" = $3 OR (EXISTS(SELECT 1
FROM "team_member" AS "r10"
WHERE "r10"."team_id" = "r9"."team_id" AND ("r10"."tenant_id" = $5 AND "r10"."member_id" = $3)) OR "r9"."requester_id" = $3))))))
RETURNING 1)
SELECT 1 / (SELECT count(*)
FROM w)::int4;

