#include "netboot/boot_script.h"

#include <algorithm>

#include <fmt/format.h>

#include "netboot/boot_answer.h"

namespace ferrite::netboot {
namespace {

std::string header(const BootPlan* plan, const MacAddress& mac, std::string_view what) {
    return fmt::format(
        "#!ipxe\necho Ferrite: {} {}: {}\n", mac.to_text(),
        plan && !plan->node.empty() ? script_safe_arguments(plan->node) : "(no node)", what);
}

/// UEFI goes on with its boot order only when the loader fails: a loader that returns success ends
/// in the boot menu (UEFI 2.10 section 3.1.1). A BIOS goes on in either case.
constexpr std::string_view kHandBack =
    "iseq ${platform} efi && goto uefi ||\n"
    "exit 0\n"
    ":uefi\n"
    "exit 1\n";

std::string local_disk_script(const BootPlan& plan, const MacAddress& mac) {
    // A BIOS may keep trying the network first, so its disk is started from here; UEFI has no drive
    // numbers and finds the disk's loader itself.
    return header(&plan, mac, "starting the local disk") +
           "iseq ${platform} efi && goto uefi ||\n"
           "sanboot --no-describe --drive 0x80 || echo Ferrite: the first disk does not start\n" +
           std::string(kHandBack);
}

/// What follows when the command in front jumped to `failed`.
std::string retry(const std::string& script) {
    return fmt::format(
        ":failed\n"
        "echo Ferrite: failed to load the ${{stage}}, trying again in 5 seconds\n"
        "sleep 5\n"
        "imgfree\n"
        "chain --replace --autofree {} || goto failed\n",
        script);
}

/// Where the machine gets a source from: its own place, or this service when it is a local file.
std::string url_of(const std::string& source, const MacAddress& mac, const std::string& base,
                   std::string_view name) {
    if (!source.starts_with('/')) return script_safe_arguments(source);
    return fmt::format("{}/boot/{}/{}", base, mac.to_dashes(), name);
}

std::string network_script(const BootPlan& plan, const MacAddress& mac, const std::string& base) {
    bool has_ramdisk = !plan.ramdisk.empty();
    auto arguments = script_safe_arguments(plan.kernel_command_line);
    if (!arguments.empty()) arguments.insert(0, " ");
    if (has_ramdisk) arguments += " initrd=ramdisk";
    auto script = header(&plan, mac, "starting from the network");
    script +=
        fmt::format("set stage kernel\nkernel --name kernel {}{} BOOTIF=01-{} || goto failed\n",
                    url_of(plan.kernel, mac, base, "kernel"), arguments, mac.to_dashes());
    if (has_ramdisk)
        script += fmt::format("set stage ramdisk\ninitrd --name ramdisk {} || goto failed\n",
                              url_of(plan.ramdisk, mac, base, "ramdisk"));
    return script + "set stage booted kernel\nboot || goto failed\n" + retry(script_url(base, mac));
}

std::string san_script(const BootPlan& plan, const MacAddress& mac, const std::string& base) {
    return header(&plan, mac, "starting a remote disk") +
           fmt::format("set stage remote disk\nsanboot --no-describe {} || goto failed\n",
                       url_of(plan.san_target, mac, base, "iso")) +
           retry(script_url(base, mac));
}

}  // namespace

std::string chain_script(const std::string& http_url) {
    return fmt::format(
        "#!ipxe\n"
        ":again\n"
        "chain --replace --autofree {0}/boot/${{netX/mac:hexhyp}}.ipxe ||\n"
        "chain --replace --autofree {0}/boot/${{net0/mac:hexhyp}}.ipxe ||\n"
        "echo Ferrite: cannot load the boot script, trying again in 5 seconds\n"
        "sleep 5\n"
        "goto again\n",
        http_url);
}

std::string boot_script(const BootPlan* plan, const MacAddress& mac, const std::string& http_url) {
    switch (plan ? plan->kind : BootKind::none) {
        case BootKind::none:
            return header(plan, mac, "nothing to start from the network") + std::string(kHandBack);
        case BootKind::local_disk:
            return local_disk_script(*plan, mac);
        case BootKind::network:
            return network_script(*plan, mac, http_url);
        case BootKind::san:
            return san_script(*plan, mac, http_url);
    }
    return {};
}

std::string script_safe_arguments(std::string_view text) {
    constexpr std::string_view kSpace = " \t\r\n\v\f";
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
        auto end = std::min(text.find_first_of(kSpace, at), text.size());
        std::string word;
        for (char c : text.substr(at, end - at)) {
            if (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) word += c;
        }
        at = end + 1;
        if (word.empty() || word == "||" || word == "&&" || word.starts_with('#')) continue;
        if (!out.empty()) out += ' ';
        out += word;
    }
    return out;
}

}  // namespace ferrite::netboot
