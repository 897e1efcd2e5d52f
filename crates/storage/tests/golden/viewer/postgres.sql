-- statement 0
-- 1: Uuid Session(User)
-- 2: Uuid Session(Tenant)
-- 3: Text Constant(Text("active"))
-- columns: [Text, Text, Uuid, Text, Uuid]
SELECT "t1"."email", "t1"."name", "t2"."id", "t2"."slug", "t1"."id"
FROM (SELECT "r3"."id" AS "id", "r3"."email" AS "email", "r3"."name" AS "name"
FROM "user" AS "r3"
WHERE "r3"."id" = $1) AS "t1"
LEFT JOIN LATERAL (SELECT "t2"."id" AS "id", "t2"."slug" AS "slug"
FROM (SELECT "r4"."id" AS "id", "r4"."slug" AS "slug"
FROM "organisation" AS "r4"
WHERE EXISTS(SELECT 1
FROM "membership" AS "r5"
WHERE "r5"."tenant_id" = "r4"."id" AND ("r5"."user_id" = $1 AND "r5"."status" = $3))) AS "t2"
WHERE "t2"."id" = $2 LIMIT 1) AS "t2" ON TRUE
WHERE "t1"."id" = $1;

-- statement 1
-- 1: Uuid Session(User)
-- 2: Text Constant(Text("active"))
-- columns: [TextList, Uuid, Text, Text]
SELECT CAST(to_json("t1"."roles") AS text), "t2"."id", "t2"."slug", "t2"."name"
FROM (SELECT "t1"."id" AS "o:0", "t1"."tenant_id" AS "tenant_id", "t1"."roles" AS "roles"
FROM (SELECT "r3"."id" AS "id", "r3"."tenant_id" AS "tenant_id", "r3"."roles" AS "roles"
FROM "membership" AS "r3"
WHERE "r3"."user_id" = $1 AND "r3"."status" = $2) AS "t1"
ORDER BY "t1"."id" ASC LIMIT 1000) AS "t1"
LEFT JOIN LATERAL (SELECT "t2"."id" AS "id", "t2"."name" AS "name", "t2"."slug" AS "slug"
FROM (SELECT "r4"."id" AS "id", "r4"."name" AS "name", "r4"."slug" AS "slug"
FROM "organisation" AS "r4"
WHERE EXISTS(SELECT 1
FROM "membership" AS "r5"
WHERE "r5"."tenant_id" = "r4"."id" AND ("r5"."user_id" = $1 AND "r5"."status" = $2))) AS "t2"
WHERE "t2"."id" = "t1"."tenant_id" LIMIT 1) AS "t2" ON TRUE
ORDER BY "t1"."o:0" ASC;

