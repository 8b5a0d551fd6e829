#include "api/policy_table.h"

/// Who may do what by default, a row a rule. Operators override rules by name, and their files and
/// the tools around them know these names and these ways to say a role: they are part of the API.
namespace ferrite::api {
namespace {

// The personas of section 23.3. A persona that is made of others stands in parentheses.
#define OR ") or ("
#define SYSTEM_ADMIN "role:admin and system_scope:all"
#define SYSTEM_MEMBER "role:member and system_scope:all) or (rule:service_role"
#define SYSTEM_SERVICE "role:service and system_scope:all"
#define SYSTEM_READER "role:reader and system_scope:all" OR SYSTEM_SERVICE OR "rule:service_role"
#define PROJECT_SERVICE "role:service and project_id:%(node.owner)s"
#define OWNER(role) "role:" role " and project_id:%(node.owner)s"
#define LESSEE(role) "role:" role " and project_id:%(node.lessee)s"
#define PROJECT(role) OWNER(role) OR LESSEE(role)
#define ALLOCATION_OWNER(role) "role:" role " and project_id:%(allocation.owner)s"
#define RUNBOOK_OWNER(role) "role:" role " and project_id:%(runbook.owner)s"
#define ANY_OF(personas) "(" personas ")"

constexpr std::string_view kAnyReader = "role:reader or role:service";
constexpr std::string_view kSystemReader = ANY_OF(SYSTEM_READER);
constexpr std::string_view kSystemMember = ANY_OF(SYSTEM_MEMBER);
constexpr std::string_view kSystemAdmin = SYSTEM_ADMIN;
constexpr std::string_view kSystemAdminOrService = ANY_OF(SYSTEM_ADMIN OR SYSTEM_SERVICE);
constexpr std::string_view kReader = ANY_OF(SYSTEM_READER OR PROJECT("reader") OR PROJECT_SERVICE);
constexpr std::string_view kOwnerReader =
    ANY_OF(SYSTEM_READER OR SYSTEM_SERVICE OR OWNER("reader") OR PROJECT_SERVICE);
constexpr std::string_view kMember = ANY_OF(SYSTEM_MEMBER OR SYSTEM_SERVICE OR PROJECT("member"));
constexpr std::string_view kOwnerMember =
    ANY_OF(SYSTEM_MEMBER OR SYSTEM_SERVICE OR OWNER("member") OR PROJECT_SERVICE);
constexpr std::string_view kOwnerMemberLesseeAdmin =
    ANY_OF(SYSTEM_MEMBER OR SYSTEM_SERVICE OR OWNER("member") OR LESSEE("admin")
               OR LESSEE("manager") OR PROJECT_SERVICE);
constexpr std::string_view kOwnerAdmin = ANY_OF(SYSTEM_MEMBER OR SYSTEM_SERVICE OR OWNER("admin")
                                                    OR OWNER("manager") OR PROJECT_SERVICE);
constexpr std::string_view kOwnerAdminLesseeAdmin = ANY_OF(SYSTEM_MEMBER OR SYSTEM_SERVICE OR OWNER(
    "admin") OR OWNER("manager") OR LESSEE("admin") OR LESSEE("manager") OR PROJECT_SERVICE);
constexpr std::string_view kSystemAdminOwnerAdmin =
    ANY_OF(SYSTEM_ADMIN OR SYSTEM_SERVICE OR OWNER("admin") OR OWNER("manager") OR PROJECT_SERVICE);

constexpr std::string_view kOldAdmin = "rule:is_admin";
constexpr std::string_view kOldReader = "rule:is_admin or rule:is_observer";
constexpr std::string_view kOldNodeGet = "rule:baremetal:node:get";
constexpr std::string_view kOldNodeUpdate = "rule:baremetal:node:update";

constexpr auto service = PolicySubject::service;
constexpr auto list = PolicySubject::list;
constexpr auto node = PolicySubject::node;
constexpr auto allocation = PolicySubject::allocation;
constexpr auto runbook = PolicySubject::runbook;
constexpr auto any = PolicyScopes::any;
constexpr auto system_only = PolicyScopes::system;

constexpr PolicyRow kRows[] = {
    // clang-format off
    {"admin_api",             "role:admin or role:administrator"},
    {"public_api",            "is_public_api:True"},
    {"show_password",         "!", node},
    {"show_instance_secrets", "!", node},
    {"service_role",          "role:service and project_name:%(config.service_project_name)s"},
    {"is_member",             "(project_domain_id:default or project_domain_id:None) and (project_name:demo or project_name:baremetal)"},
    {"is_observer",           "rule:is_member and (role:observer or role:baremetal_observer)"},
    {"is_admin",              "rule:admin_api or (rule:is_member and role:baremetal_admin)"},
    {"is_node_owner",         "project_id:%(node.owner)s", node},
    {"is_node_lessee",        "project_id:%(node.lessee)s", node},
    {"is_allocation_owner",   "project_id:%(allocation.owner)s", allocation},

    {"baremetal:node:create",                         kSystemAdminOrService,   node, any, kOldAdmin},
    {"baremetal:node:create:self_owned_node",         "role:admin or role:service", node},
    {"baremetal:node:list",                           kAnyReader,              list, any, kOldNodeGet},
    {"baremetal:node:list_all",                       kSystemReader,           list, any, kOldNodeGet},
    {"baremetal:node:get",                            kReader,                 node, any, kOldReader},
    {"baremetal:node:get:filter_threshold",           kSystemReader,           node, any, kOldNodeGet},
    {"baremetal:node:get:last_error",                 kOwnerReader,            node, any, kOldNodeGet},
    {"baremetal:node:get:reservation",                kOwnerReader,            node, any, kOldNodeGet},
    {"baremetal:node:get:driver_internal_info",       kOwnerReader,            node, any, kOldNodeGet},
    {"baremetal:node:get:driver_info",                kOwnerReader,            node, any, kOldNodeGet},
    {"baremetal:node:update",                         kMember,                 node, any, kOldAdmin},
    {"baremetal:node:update_extra",                   kMember,                 node, any, kOldNodeUpdate},
    {"baremetal:node:update_instance_info",           kOwnerMemberLesseeAdmin, node, any, kOldNodeUpdate},
    {"baremetal:node:update_owner_provisioned",       kSystemAdmin,            node, system_only, kOldAdmin},
    {"baremetal:node:update:driver_info",             kOwnerMember,            node, any, kOldNodeUpdate},
    {"baremetal:node:update:properties",              kOwnerMember,            node, any, kOldNodeUpdate},
    {"baremetal:node:update:chassis_uuid",            kSystemAdmin,            node, any, kOldNodeUpdate},
    {"baremetal:node:update:instance_uuid",           kOwnerMember,            node, any, kOldNodeUpdate},
    {"baremetal:node:update:lessee",                  kOwnerMember,            node, any, kOldNodeUpdate},
    {"baremetal:node:update:owner",                   kSystemMember,           node, any, kOldNodeUpdate},
    {"baremetal:node:update:driver_interfaces",       kOwnerAdmin,             node, any, kOldNodeUpdate},
    {"baremetal:node:update:network_data",            kOwnerMember,            node, any, kOldNodeUpdate},
    {"baremetal:node:update:conductor_group",         kSystemMember,           node, any, kOldNodeUpdate},
    {"baremetal:node:update:name",                    kOwnerMember,            node, any, kOldNodeUpdate},
    {"baremetal:node:update:retired",                 kOwnerMember,            node, any, kOldNodeUpdate},
    {"baremetal:node:update:shard",                   kSystemAdmin,            node},
    {"baremetal:node:update:parent_node",             kSystemMember,           node},
    {"baremetal:node:update:disable_power_off",       kSystemAdmin,            node},
    {"baremetal:node:disable_cleaning",               kSystemAdmin,            node, any, kOldNodeUpdate},
    {"baremetal:node:delete",                         kSystemAdmin,            node, any, kOldAdmin},
    {"baremetal:node:delete:self_owned_node",         OWNER("admin"),          node},
    {"baremetal:node:validate",                       kOwnerMemberLesseeAdmin, node, any, kOldAdmin},
    {"baremetal:node:set_maintenance",                kOwnerMemberLesseeAdmin, node, any, kOldAdmin},
    {"baremetal:node:clear_maintenance",              kOwnerMemberLesseeAdmin, node, any, kOldAdmin},
    {"baremetal:node:get_boot_device",                kOwnerAdmin,             node, any, kOldReader},
    {"baremetal:node:set_boot_device",                kOwnerAdmin,             node, any, kOldAdmin},
    {"baremetal:node:get_indicator_state",            kReader,                 node, any, kOldReader},
    {"baremetal:node:set_indicator_state",            kOwnerMember,            node, any, kOldAdmin},
    {"baremetal:node:inject_nmi",                     kOwnerAdmin,             node, any, kOldAdmin},
    {"baremetal:node:get_states",                     kReader,                 node, any, kOldReader},
    {"baremetal:node:set_power_state",                kMember,                 node, any, kOldAdmin},
    {"baremetal:node:set_boot_mode",                  kMember,                 node, any, kOldAdmin},
    {"baremetal:node:set_secure_boot",                kMember,                 node, any, kOldAdmin},
    {"baremetal:node:set_provision_state",            kOwnerMemberLesseeAdmin, node, any, kOldAdmin},
    {"baremetal:node:set_provision_state:clean_steps",   kOwnerMemberLesseeAdmin, node},
    {"baremetal:node:set_provision_state:service_steps", kOwnerMemberLesseeAdmin, node},
    {"baremetal:node:set_raid_state",                 kOwnerMember,            node, any, kOldAdmin},
    {"baremetal:node:get_console",                    kOwnerMember,            node, any, kOldAdmin},
    {"baremetal:node:set_console_state",              kOwnerMember,            node, any, kOldAdmin},
    {"baremetal:node:vif:list",                       kReader,                 node, any, kOldAdmin},
    {"baremetal:node:vif:attach",                     kOwnerMemberLesseeAdmin, node, any, kOldAdmin},
    {"baremetal:node:vif:detach",                     kOwnerMemberLesseeAdmin, node, any, kOldAdmin},
    {"baremetal:node:traits:list",                    kReader,                 node, any, kOldReader},
    {"baremetal:node:traits:set",                     kOwnerAdmin,             node, any, kOldAdmin},
    {"baremetal:node:traits:delete",                  kOwnerAdmin,             node, any, kOldAdmin},
    {"baremetal:node:bios:get",                       kReader,                 node, any, kOldReader},
    {"baremetal:node:firmware:get",                   kReader,                 node},
    {"baremetal:node:history:get",                    kOwnerReader,            node, any, kOldReader},
    {"baremetal:node:inventory:get",                  kOwnerReader,            node, any, kOldReader},
    {"baremetal:node:vmedia:get",                     kReader,                 node},
    {"baremetal:node:vmedia:attach",                  kMember,                 node},
    {"baremetal:node:vmedia:detach",                  kMember,                 node},
    {"baremetal:node:vendor_passthru",                kSystemAdmin,            node, any, kOldAdmin},
    {"baremetal:node:ipa_heartbeat",                  "",                      service},

    {"baremetal:port:get",                            kReader,                 node, any, kOldReader},
    {"baremetal:port:list",                           kAnyReader,              list, any, kOldReader},
    {"baremetal:port:list_all",                       kSystemReader,           list, any, kOldReader},
    {"baremetal:port:create",                         kSystemAdminOwnerAdmin,  node, any, kOldAdmin},
    {"baremetal:port:delete",                         kSystemAdminOwnerAdmin,  node, any, kOldAdmin},
    {"baremetal:port:update",                         kOwnerAdmin,             node, any, kOldAdmin},

    {"baremetal:portgroup:get",                       kReader,                 node, any, kOldReader},
    {"baremetal:portgroup:list",                      kAnyReader,              list, any, kOldReader},
    {"baremetal:portgroup:list_all",                  kSystemReader,           list, any, kOldReader},
    {"baremetal:portgroup:create",                    kSystemAdminOwnerAdmin,  node, any, kOldAdmin},
    {"baremetal:portgroup:delete",                    kSystemAdminOwnerAdmin,  node, any, kOldAdmin},
    {"baremetal:portgroup:update",                    kOwnerAdmin,             node, any, kOldAdmin},

    {"baremetal:volume:list",                         kAnyReader,              list, any, kOldReader},
    {"baremetal:volume:list_all",                     kSystemReader,           list, any, kOldReader},
    {"baremetal:volume:get",                          kReader,                 node, any, kOldReader},
    {"baremetal:volume:create",                       kOwnerAdminLesseeAdmin,  node, any, kOldAdmin},
    {"baremetal:volume:delete",                       kOwnerAdminLesseeAdmin,  node, any, kOldAdmin},
    {"baremetal:volume:update",                       kOwnerMemberLesseeAdmin, node, any, kOldAdmin},
    {"baremetal:volume:view_target_properties",       ANY_OF(SYSTEM_READER OR "role:admin"), node, any, kOldAdmin},

    {"baremetal:chassis:get",                         kSystemReader,           service, system_only, kOldReader},
    {"baremetal:chassis:create",                      kSystemAdmin,            service, system_only, kOldAdmin},
    {"baremetal:chassis:delete",                      kSystemAdmin,            service, system_only, kOldAdmin},
    {"baremetal:chassis:update",                      kSystemMember,           service, system_only, kOldAdmin},

    {"baremetal:driver:get",                          kSystemReader,           service, system_only, kOldReader},
    {"baremetal:driver:get_properties",               kSystemReader,           service, system_only, kOldReader},
    {"baremetal:driver:get_raid_logical_disk_properties", kSystemReader,       service, system_only, kOldReader},
    {"baremetal:driver:vendor_passthru",              kSystemAdmin,            service, system_only, kOldAdmin},
    {"baremetal:driver:ipa_lookup",                   "",                      service},
    {"baremetal:driver:ipa_continue_inspection",      "",                      service},

    {"baremetal:conductor:get",                       kSystemReader,           service, any, kOldReader},
    {"baremetal:shards:get",                          kSystemReader,           service, any, kOldReader},
    {"baremetal:events:post",                         kSystemAdmin,            service, system_only, kOldAdmin},

    {"baremetal:allocation:get",                      ANY_OF(SYSTEM_READER OR ALLOCATION_OWNER("reader")), allocation, any, kOldReader},
    {"baremetal:allocation:list",                     kAnyReader,              list, any, kOldReader},
    {"baremetal:allocation:list_all",                 kSystemReader,           list, any, kOldReader},
    {"baremetal:allocation:create",                   ANY_OF(SYSTEM_MEMBER OR "role:member"), allocation, any, kOldAdmin},
    {"baremetal:allocation:create_restricted",        kSystemMember,           allocation, any, kOldAdmin},
    {"baremetal:allocation:create_pre_rbac",          "(rule:is_member and role:baremetal_admin) or (is_admin_project:True and role:admin)", allocation},
    {"baremetal:allocation:delete",                   ANY_OF(SYSTEM_MEMBER OR ALLOCATION_OWNER("member")), allocation, any, kOldAdmin},
    {"baremetal:allocation:update",                   ANY_OF(SYSTEM_MEMBER OR ALLOCATION_OWNER("member")), allocation, any, kOldAdmin},

    {"baremetal:deploy_template:get",                 kSystemReader,           service, any, kOldReader},
    {"baremetal:deploy_template:create",              kSystemAdmin,            service, any, kOldAdmin},
    {"baremetal:deploy_template:delete",              kSystemAdmin,            service, any, kOldAdmin},
    {"baremetal:deploy_template:update",              kSystemAdmin,            service, any, kOldAdmin},

    {"baremetal:runbook:get",                         ANY_OF(SYSTEM_READER OR RUNBOOK_OWNER("reader") OR "role:service"), runbook},
    {"baremetal:runbook:list",                        kAnyReader,              list},
    {"baremetal:runbook:list_all",                    kSystemReader,           list},
    {"baremetal:runbook:create",                      ANY_OF(SYSTEM_MEMBER OR "role:manager" OR "role:service"), runbook},
    {"baremetal:runbook:delete",                      ANY_OF(SYSTEM_MEMBER OR RUNBOOK_OWNER("manager") OR "role:service"), runbook},
    {"baremetal:runbook:update",                      ANY_OF(SYSTEM_MEMBER OR RUNBOOK_OWNER("manager") OR "role:service"), runbook},
    {"baremetal:runbook:update:public",               kSystemMember,           runbook},
    {"baremetal:runbook:update:owner",                kSystemMember,           runbook},
    {"baremetal:runbook:use",                         ANY_OF(SYSTEM_MEMBER OR RUNBOOK_OWNER("manager") OR "role:service"), runbook},

    {"baremetal:inspection_rule:get",                 kSystemReader,           service},
    {"baremetal:inspection_rule:list_all",            kSystemReader,           service},
    {"baremetal:inspection_rule:create",              kSystemAdmin,            service},
    {"baremetal:inspection_rule:update",              kSystemAdmin,            service},
    {"baremetal:inspection_rule:delete",              kSystemAdmin,            service},
    // clang-format on
};

#undef OR
#undef SYSTEM_ADMIN
#undef SYSTEM_MEMBER
#undef SYSTEM_SERVICE
#undef SYSTEM_READER
#undef PROJECT_SERVICE
#undef OWNER
#undef LESSEE
#undef PROJECT
#undef ALLOCATION_OWNER
#undef RUNBOOK_OWNER
#undef ANY_OF

}  // namespace

std::span<const PolicyRow> policy_table() {
    return kRows;
}

}  // namespace ferrite::api
