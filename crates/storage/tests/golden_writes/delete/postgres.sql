-- lock
-- 1: Uuid Constant(Uuid(018bcfe5-6800-8009-8000-000000000005))
-- 2: Uuid Session(Tenant)
-- columns: []
SELECT 1
FROM "ticket"
WHERE "tenant_id" = $2 AND "id" = $1 FOR UPDATE;

-- judge
-- 1: Uuid Constant(Uuid(018bcfe5-6800-8009-8000-000000000005))
-- 2: Uuid Session(Tenant)
-- 3: Uuid Session(User)
-- 4: Text Constant(Text("solved"))
-- columns: [BigInt, Boolean, Boolean, Boolean]
SELECT "b1"."version", ("b1"."tenant_id" = $2 AND ("b1"."owner_id" = $3 OR (EXISTS(SELECT 1
FROM "team_member" AS "r2"
WHERE "r2"."team_id" = "b1"."team_id" AND ("r2"."tenant_id" = $2 AND "r2"."member_id" = $3)) OR "b1"."requester_id" = $3))) IS TRUE, ("b1"."tenant_id" = $2 AND ("b1"."status" <> $4 AND ("b1"."owner_id" = $3 OR EXISTS(SELECT 1
FROM "team_member" AS "r3"
WHERE "r3"."team_id" = "b1"."team_id" AND ("r3"."tenant_id" = $2 AND "r3"."member_id" = $3))))) IS TRUE, TRUE IS TRUE
FROM "ticket" AS "b1"
WHERE "b1"."tenant_id" = $2 AND "b1"."id" = $1;

-- whole
-- 1: Uuid Constant(Uuid(018bcfe5-6800-8009-8000-000000000005))
-- 2: Uuid Session(Tenant)
-- 3: Uuid Session(User)
-- 4: Text Constant(Text("solved"))
-- columns: [Int]
WITH w AS (DELETE
FROM "ticket" AS "b1"
WHERE "b1"."tenant_id" = $2 AND "b1"."id" = $1 AND EXISTS(SELECT 1
WHERE "b1"."tenant_id" = $2 AND ("b1"."owner_id" = $3 OR (EXISTS(SELECT 1
FROM "team_member" AS "r2"
WHERE "r2"."team_id" = "b1"."team_id" AND ("r2"."tenant_id" = $2 AND "r2"."member_id" = $3)) OR "b1"."requester_id" = $3)) AND ("b1"."tenant_id" = $2 AND ("b1"."status" <> $4 AND ("b1"."owner_id" = $3 OR EXISTS(SELECT 1
FROM "team_member" AS "r3"
WHERE "r3"."team_id" = "b1"."team_id" AND ("r3"."tenant_id" = $2 AND "r3"."member_id" = $3))))))
RETURNING 1)
SELECT 1 / (SELECT count(*)
FROM w)::int4;

-- lock
-- 1: Uuid Constant(Uuid(018bcfe5-6800-8009-8000-000000000005))
-- columns: []
SELECT 1
FROM "category"
WHERE "id" = $1 FOR UPDATE;

-- judge
-- 1: Uuid Constant(Uuid(018bcfe5-6800-8009-8000-000000000005))
-- columns: [BigInt, Boolean, Boolean, Boolean]
SELECT "b1"."version", TRUE IS TRUE, TRUE IS TRUE, TRUE IS TRUE
FROM "category" AS "b1"
WHERE "b1"."id" = $1;

-- whole
-- 1: Uuid Constant(Uuid(018bcfe5-6800-8009-8000-000000000005))
-- 2: BigInt Constant(Int(3))
-- columns: [Int]
WITH w AS (DELETE
FROM "category" AS "b1"
WHERE "b1"."id" = $1 AND EXISTS(SELECT 1
WHERE "b1"."version" = $2)
RETURNING 1)
SELECT 1 / (SELECT count(*)
FROM w)::int4;

