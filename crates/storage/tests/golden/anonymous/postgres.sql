-- statement 0
-- 1: Text Constant(Text("start"))
-- 2: Uuid Session(Tenant)
-- 3: Boolean Constant(Boolean(true))
-- columns: [Text, Uuid]
SELECT "t1"."title", "t1"."id"
FROM (SELECT "r2"."id" AS "id", "r2"."title" AS "title", "r2"."slug" AS "slug"
FROM "article" AS "r2"
WHERE "r2"."tenant_id" = $2 AND "r2"."published" = $3) AS "t1"
WHERE "t1"."slug" = $1;

-- statement 1
-- 1: Uuid Session(Tenant)
-- 2: Boolean Constant(Boolean(true))
-- columns: [Text, Text]
SELECT "t1"."title", "t1"."body"
FROM (SELECT "r2"."id" AS "id", "r2"."title" AS "title", "r2"."body" AS "body"
FROM "article" AS "r2"
WHERE "r2"."tenant_id" = $1 AND "r2"."published" = $2) AS "t1"
ORDER BY "t1"."id" ASC LIMIT 30;

-- statement 2
-- 1: Uuid Session(User)
-- columns: [Text, Uuid]
SELECT "t1"."email", "t1"."id"
FROM (SELECT "r2"."id" AS "id", "r2"."email" AS "email"
FROM "user" AS "r2"
WHERE FALSE) AS "t1"
WHERE "t1"."id" = $1;

