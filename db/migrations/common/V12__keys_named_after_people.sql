-- A key that nobody has mapped and whose maker is not known may still be named after its user: claude_code_key_USER_SUFFIX. It is
-- attributed with little confidence, and only where one address of the provider's users begins so.
create or replace function analytics.claude_attribution(day date, workspace text, api_key text)
    returns table (user_email text, team text, method text, confidence numeric(4, 3))
    language sql stable
    as $$
with key as (select coalesce((select name from analytics.dim_api_keys where api_key_id = api_key), api_key) as name)
select c.user_email, c.team, c.method, c.confidence
from (select m.user_email, m.team, 'api_key_mapping' as method, m.confidence, m.valid_from
      from analytics.api_key_mapping m, key
      where api_key is not null and (m.user_email is not null or m.team is not null)
        and m.valid_from <= day and (m.valid_to is null or day < m.valid_to)
        and (m.api_key_id = api_key or m.api_key_name = key.name)
      union all
      select u.email, null, 'api_key_owner', 0.850, null
      from analytics.dim_api_keys k join analytics.dim_users u on u.provider = 'anthropic' and u.user_id = k.created_by_user_id
      where k.api_key_id = api_key and u.email is not null
      union all
      select min(u.email), null, 'name_pattern', 0.700, null
      from key join analytics.dim_users u
        on u.provider = 'anthropic' and split_part(u.email, '@', 1) = lower(substring(key.name from '^claude_code_key_(.+)_[^_]+$'))
      having count(distinct u.email) = 1
      union all
      select null, null, 'workspace_only', 0.500, null where workspace is not null
      union all
      select null, null, 'fallback_unknown', 0.000, null) c
order by c.confidence desc, c.valid_from desc nulls last
limit 1
$$;
