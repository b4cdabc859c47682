"use strict";

const place = document.getElementById("interface");
SwaggerUIBundle({
  domNode: place,
  url: place.dataset.document,
  deepLinking: true,
  displayRequestDuration: true,
  operationsSorter: "alpha",
  validatorUrl: null, /* the default is an outside host */
});

/* The labels of Swagger UI, which has them in English only. */
const labels = {
  "Authorize": "授权", "Available authorizations": "可用的授权方式", "Cancel": "取消", "Clear": "清除", "Close": "关闭", "Code": "状态码",
  "Collapse all": "全部收起", "Controls": "由此决定", "Curl": "curl命令", "Default value": "默认值", "Description": "说明", "Details": "详情",
  "Download": "下载", "Example": "示例", "Example Value": "示例", "Examples": "示例", "Execute": "执行", "Expand all": "全部展开",
  "Headers:": "响应头：", "Links": "链接", "Loading...": "加载中…", "Logout": "取消授权", "Media type": "媒体类型", "Name": "名称",
  "No links": "无", "No parameters": "无参数", "Parameters": "参数", "Request URL": "请求地址", "Request body": "请求体", "Request duration": "耗时",
  "Reset": "重置", "Response body": "响应体", "Response headers": "响应头", "Responses": "响应", "Schema": "结构", "Schemas": "数据结构",
  "Server response": "服务器响应", "Servers": "服务器", "Try it out": "试一试", "Type": "类型", "Undocumented": "未说明", "Value:": "值：", "required": "必填",
};

function translate(root) {
  if (!root) {
    return;
  }
  const texts = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  for (let text = texts.nextNode(); text; text = texts.nextNode()) {
    const said = labels[text.data.trim()];
    if (said && !text.parentElement.closest("pre, code, textarea, option, .renderedMarkdown")) {
      text.data = said;
    }
  }
}

if (document.documentElement.lang === "zh-CN") {
  new MutationObserver((changes) => {
    for (const change of changes) {
      if (change.type === "characterData") {
        translate(change.target.parentNode);
      }
      change.addedNodes.forEach((node) => translate(node.nodeType === Node.TEXT_NODE ? node.parentNode : node));
    }
  }).observe(place, { childList: true, characterData: true, subtree: true });
}
