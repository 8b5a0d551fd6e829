#include "model/traits.h"

#include <string>

#include <gtest/gtest.h>

#include "base/error.h"

namespace ferrite::model {
namespace {

TEST(Traits, AreCustomOrOfTheStandardList) {
    std::string longest = "CUSTOM_" + std::string(248, 'A');
    for (const auto& name :
         {std::string("CUSTOM_A"), std::string("CUSTOM_0_"), std::string("CUSTOM__"), longest,
          std::string("HW_CPU_X86_VMX"), std::string("COMPUTE_NODE"),
          std::string("STORAGE_DISK_SSD"), std::string("COMPUTE_ACCELERATORS")})
        EXPECT_NO_THROW(check_trait(name)) << name;
    for (const auto& name :
         {std::string(), std::string("CUSTOM_"), std::string("CUSTOM_a"), std::string("custom_A"),
          std::string("CUSTOM-A"), std::string("CUSTOM_A B"), std::string("BOGUS"),
          std::string("HW_CPU_X86_NOPE"), std::string("HW_CPU_X86_VMX "), longest + "A"})
        EXPECT_THROW(check_trait(name), InvalidValue) << name;
}

}  // namespace
}  // namespace ferrite::model
